// The heading of the view: where the focus goes when what held it has gone.

/** After what is about to be rendered; a dialog that closes gives the focus back to what may be there no longer. */
export function focusHeading() {
  setTimeout(() => document.querySelector(".view h1")?.focus({ preventScroll: true }));
}
