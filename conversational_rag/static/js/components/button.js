// Buttons, and links that look like them.
import { html } from "../html.js";
import { Icon } from "./icon.js";

/**
 * @typedef {"plain" | "main" | "danger" | "quiet"} Kind
 * @param {{kind?: Kind, icon?: string, busy?: boolean, children?: any, class?: string}} props
 *   `busy` keeps the focus where it is and takes no click; all else goes to the <button>.
 */
export function Button({ kind = "plain", icon, busy = false, children, class: extra = "", onClick, ...rest }) {
  return html`<button type="button" ...${rest} class=${`button ${kind} ${extra}`} aria-busy=${busy || null}
    aria-disabled=${busy || null}
    onClick=${busy ? undefined : onClick}>
    ${icon && html`<${Icon} name=${icon} />`}${children && html`<span>${children}</span>`}
  </button>`;
}

/**
 * A button that is an icon alone.
 * @param {{icon: string, label: string, kind?: string}} props `label` is its name, and shows when one points at it
 */
export function IconButton({ icon, label, kind = "quiet", class: extra = "", ...rest }) {
  return html`<button type="button" ...${rest} class=${`button icon-only ${kind} ${extra}`} aria-label=${label}
    title=${label}>
    <${Icon} name=${icon} />
  </button>`;
}

/** @param {{href: string, kind?: string, icon?: string, children?: any}} props */
export function ButtonLink({ kind = "plain", icon, children, class: extra = "", ...rest }) {
  return html`<a ...${rest} class=${`button ${kind} ${extra}`}>${icon && html`<${Icon} name=${icon} />`}<span>
    ${children}</span></a>`;
}
