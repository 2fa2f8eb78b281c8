// A point in time, shown in few words; the whole of it shows when one points at it.
import { html } from "../html.js";
import { ago, date, moment } from "../i18n/format.js";

const SHAPES = {
  ago,
  day: (at) => date(at, { dateStyle: "medium" }),
  exact: (at) => date(at, { dateStyle: "medium", timeStyle: "medium" }),
  moment,
};

/** @param {{at: number, as?: keyof typeof SHAPES, class?: string}} props `at` in Unix seconds */
export function Time({ at, as = "moment", class: extra = "nowrap" }) {
  return html`<time class=${extra} dateTime=${new Date(at * 1000).toISOString()} title=${moment(at)}>${SHAPES[as](at)}</time>`;
}
