// A short word about a state; the colour says nothing that the word does not.
import { html } from "../html.js";
import { Icon } from "./icon.js";

/** @param {{tone?: "neutral" | "good" | "warn" | "bad", icon?: string, children?: any}} props */
export function Badge({ tone = "neutral", icon, children, ...rest }) {
  return html`<span ...${rest} class=${`badge ${tone}`}>${icon && html`<${Icon} name=${icon} />`}<span>${children}
  </span></span>`;
}
