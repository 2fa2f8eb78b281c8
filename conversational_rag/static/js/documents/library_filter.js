// The filter of the list: a part of the name, and how a document stands.
import { Field } from "../components/field.js";
import { html } from "../html.js";
import { t } from "../i18n/language.js";
import { isOnItsWay } from "./upload.js";

const STATES = {
  all: () => true,
  searchable: ({ status }) => status === "ready" || status === "partial",
  trouble: ({ status }) => ["partial", "empty", "failed"].includes(status),
  going: isOnItsWay,
};

/** @typedef {{text: string, state: keyof typeof STATES}} Wanted */

/** @type {Wanted} */
export const EVERYTHING = { text: "", state: "all" };

/** @param {Wanted} wanted @returns {boolean} */
export function isFiltering({ text, state }) {
  return text.trim() !== "" || state !== "all";
}

/** @param {Wanted} wanted @returns {(document: any) => boolean} */
export function matching({ text, state }) {
  const words = text.trim().toLocaleLowerCase();
  return (document) => STATES[state](document) && document.filename.toLocaleLowerCase().includes(words);
}

/** @param {{wanted: Wanted, onWant: (wanted: Wanted) => void}} props */
export function Filter({ wanted, onWant }) {
  const typed = (event) => onWant({ ...wanted, text: event.currentTarget.value });
  const chosen = (event) => onWant({ ...wanted, state: event.currentTarget.value });
  const name = t("documents.by_name");
  return html`<div class="library-filter" role="search" aria-label=${t("documents.filter")}>
    <${Field} type="search" hideLabel label=${name} placeholder=${name} value=${wanted.text} onInput=${typed} />
    <${Field} as="select" hideLabel label=${t("documents.by_state")} value=${wanted.state} onChange=${chosen}>
      ${Object.keys(STATES).map(option)}
    <//>
  </div>`;
}

function option(state) {
  return html`<option key=${state} value=${state}>${t(`documents.only.${state}`)}</option>`;
}
