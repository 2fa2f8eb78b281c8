// Asking before something is lost: `if (await confirm({…})) …`, from wherever.
import { signal } from "@preact/signals";
import { html } from "../html.js";
import { t } from "../i18n/language.js";
import { Button } from "./button.js";
import { Dialog } from "./dialog.js";

const asked = signal(null);

/**
 * @param {{title: string, text: string, action: string}} question `action` names what will be done: "Delete"
 * @returns {Promise<boolean>}
 */
export function confirm(question) {
  asked.value?.answer(false);
  return new Promise((resolve) => {
    asked.value = { ...question, answer: resolve };
  });
}

/** Stands once in the page. */
export function Confirm() {
  if (asked.value === null) return null;
  const { title, text, action, answer } = asked.value;
  const end = (is) => {
    asked.value = null;
    answer(is);
  };
  const foot = html`<${Button} onClick=${() => end(false)}>${t("cancel")}<//>
    <${Button} kind="danger" onClick=${() => end(true)}>${action}<//>`;
  return html`<${Dialog} title=${title} onClose=${() => end(false)} foot=${foot}><p dir="auto">${text}</p><//>`;
}
