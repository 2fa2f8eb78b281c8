// The page around the widget: it shows the key and says how to look; nobody else is listened to. See widget.js.

let site = "";

/**
 * @typedef {{key: string, title: string, lang: string, colorScheme: string}} Opening
 * @param {(opening: Opening) => void} opened called whenever the page around opens the widget
 */
export function meetHost(opened) {
  if (window.parent === window) return;
  window.addEventListener("message", ({ source, origin, data }) => {
    if (source !== window.parent || data?.type !== "crag:open" || typeof data.key !== "string") return;
    site = origin;
    opened(data);
  });
  // Which site it is nobody knows yet. The service's headers say who may frame this, and being ready is no secret.
  window.parent.postMessage({ type: "crag:ready" }, "*");
}

/** The reader is done. */
export function leave() {
  if (site) window.parent.postMessage({ type: "crag:close" }, site);
}
