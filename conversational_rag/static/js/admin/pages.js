// Long lists come page by page: the first one at once, each further one when somebody wants it.
import { useSignal } from "@preact/signals";
import { Button } from "../components/button.js";
import { notifyProblem } from "../components/notices.js";
import { html } from "../html.js";
import { t } from "../i18n/language.js";
import { useLoaded } from "./loaded.js";

/**
 * @typedef {{rows: any[], next: string | number | null, total?: number}} Page `next`: where the next page begins, null at the end
 * @typedef {import("./loaded.js").FromService<Page> & {more: () => Promise<void>, isMoreBusy: import("@preact/signals").Signal<boolean>}} Pages
 */

/**
 * @param {(position: string | number | null, signal?: AbortSignal) => Promise<Page>} fetchPage position null: the first
 * @param {(row: any) => string | number} keyOf lists grow while one reads: a row that has moved to the next page is shown once
 * @param {string} about what the request depends on
 * @returns {Pages}
 */
export function usePages(fetchPage, keyOf, about) {
  const first = useLoaded((signal) => fetchPage(null, signal), about);
  const isMoreBusy = useSignal(false);
  const more = async () => {
    const before = first.data.value;
    isMoreBusy.value = true;
    try {
      const page = await fetchPage(before.next);
      // Somebody has asked for something else in the meantime.
      if (first.data.value !== before) return;
      const known = new Set(before.rows.map(keyOf));
      first.data.value = { ...page, rows: [...before.rows, ...page.rows.filter((row) => !known.has(keyOf(row)))] };
    } catch (problem) {
      notifyProblem(problem);
    } finally {
      isMoreBusy.value = false;
    }
  };
  return { ...first, more, isMoreBusy };
}

/**
 * A page of a list that is counted by rows.
 * @param {any[]} rows
 * @param {number} total
 * @param {number | null} position
 * @returns {Page}
 */
export function pageOf(rows, total, position) {
  const end = (position ?? 0) + rows.length;
  return { rows, total, next: rows.length && end < total ? end : null };
}

/** @param {{pages: Pages}} props */
export function More({ pages }) {
  const { rows, next, total } = pages.data.value;
  return html`<div class="row spread">
    <span class="fine">${total === undefined ? t("admin.shown", { count: rows.length }) : t("admin.shown_of", { count: rows.length, total })}</span>
    ${next !== null && html`<${Button} busy=${pages.isMoreBusy.value} onClick=${pages.more}>${t("more")}<//>`}
  </div>`;
}

/**
 * For a list that has come as a whole and is too long to be shown as one.
 * @param {any[]} rows
 * @param {number} step
 * @returns {{shown: any[], rest: any}} `rest`: what stands below them
 */
export function useSteps(rows, step) {
  const count = useSignal(step);
  const shown = rows.slice(0, count.value);
  const rest = rows.length > shown.length && html`<div class="row spread">
    <span class="fine">${t("admin.shown_of", { count: shown.length, total: rows.length })}</span>
    <${Button} onClick=${() => { count.value += step; }}>${t("more")}<//></div>`;
  return { shown, rest };
}
