// Figures and their names.
import { html } from "../html.js";

/** @param {{facts: ([string, any] | null)[], class?: string}} props name and value; null is left out */
export function Facts({ facts, class: extra = "" }) {
  const shown = facts.filter(Boolean);
  return html`<dl class=${`tallies ${extra}`}>${shown.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** An id, which is read from left to right in whatever language; a table may show its beginning only. */
export function Id({ children }) {
  return html`<code class="id" dir="ltr" title=${children}>${children}</code>`;
}
