// Notices: short words at the foot of the page, which screen readers speak; `say` for them alone.
import { signal } from "@preact/signals";
import { html } from "../html.js";
import { t } from "../i18n/language.js";
import { describe } from "../problem.js";
import { IconButton } from "./button.js";

const SHOWN_MS = 6000;
const notices = signal([]);
const spoken = signal("");
let last = 0;

/**
 * Something went well; it disappears by itself.
 * @param {string} text
 */
export function notify(text) {
  const id = add("good", text);
  setTimeout(() => drop(id), SHOWN_MS);
}

/**
 * Something went wrong; it stays until it is closed.
 * @param {unknown} error a Problem, or a sentence
 */
export function notifyProblem(error) {
  if (error?.name === "AbortError") return;
  add("bad", typeof error === "string" ? error : describe(error));
}

/**
 * For those who do not see what happens.
 * @param {string} text
 */
export function say(text) {
  // The same words twice would be no change, and not be spoken.
  spoken.value = spoken.value === text ? `${text}\u00a0` : text;
}

/** Stands once in the page. */
export function Notices() {
  return html`<div class="notices" role="region" aria-label=${t("notices")}>
    <p class="unseen" role="status">${spoken.value}</p>
    <div role="status">${notices.value.filter((each) => each.kind === "good").map(Notice)}</div>
    <div role="alert">${notices.value.filter((each) => each.kind === "bad").map(Notice)}</div>
  </div>`;
}

function Notice({ id, kind, text }) {
  return html`<div key=${id} class=${`notice ${kind}`}><p dir="auto">${text}</p>
    <${IconButton} icon="close" label=${t("close")} onClick=${() => drop(id)} /></div>`;
}

function add(kind, text) {
  last += 1;
  // What is said already need not be said again.
  notices.value = [...notices.value.filter((each) => each.text !== text).slice(-3), { id: last, kind, text }];
  return last;
}

function drop(id) {
  notices.value = notices.value.filter((each) => each.id !== id);
}
