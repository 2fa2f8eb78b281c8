// A dialog on the browser's own <dialog>: it keeps the focus inside, closes on Escape and gives the focus back.
import { useEffect, useId, useRef } from "preact/hooks";
import { html } from "../html.js";
import { t } from "../i18n/language.js";
import { IconButton } from "./button.js";

/**
 * Open as long as it is rendered.
 * @param {{title: any, onClose: () => void, kind?: "box" | "sheet" | "drawer", children?: any, foot?: any}} props
 *   `sheet` stands at the end of the line (below on a phone), `drawer` at its beginning.
 */
export function Dialog({ title, onClose, kind = "box", children, foot }) {
  const dialog = useRef(null);
  const heading = useId();
  useEffect(() => {
    const shown = dialog.current;
    const before = document.activeElement;
    shown.showModal();
    return () => {
      shown.close();
      // The element has left the page by now, so that closing it alone does not give the focus back.
      if (document.activeElement === document.body) before?.focus();
    };
  }, []);
  const cancelled = (event) => {
    event.preventDefault();
    onClose();
  };
  // Pressed twice, Escape closes a dialog whatever its `cancel` says, unless the key itself is taken.
  const escaped = (event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.stopPropagation();
    cancelled(event);
  };
  // The backdrop belongs to the element: a press beside the content meets the dialog itself.
  const pressed = (event) => event.target === dialog.current && onClose();
  return html`<dialog ref=${dialog} class=${`dialog ${kind}`} aria-labelledby=${heading}
    onKeyDown=${escaped} onCancel=${cancelled} onMouseDown=${pressed}>
    <div class="dialog-inside">
      <header class="dialog-head"><h2 id=${heading} dir="auto">${title}</h2>
        <${IconButton} icon="close" label=${t("close")} onClick=${onClose} /></header>
      <div class="dialog-body">${children}</div>
      ${foot && html`<footer class="dialog-foot">${foot}</footer>`}
    </div>
  </dialog>`;
}
