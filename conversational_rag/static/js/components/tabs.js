// Tabs that are places: each has its own address, so that one can come back to it.
import { html } from "../html.js";

/** @param {{label: string, tabs: {href: string, title: string, isHere: boolean, count?: string}[]}} props */
export function Tabs({ label, tabs }) {
  return html`<nav class="tabs" aria-label=${label}>
    ${tabs.map((each) => html`<a key=${each.href} href=${each.href} aria-current=${each.isHere ? "page" : null}>
      ${each.title}${each.count && html` <span class="count">${each.count}</span>`}</a>`)}
  </nav>`;
}
