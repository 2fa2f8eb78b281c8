// The receipt: what went with a document that was deleted.
import { signal } from "@preact/signals";
import { documentsVersion } from "../account/clients.js";
import { call } from "../api.js";
import { Button } from "../components/button.js";
import { confirm } from "../components/confirm.js";
import { Dialog } from "../components/dialog.js";
import { notifyProblem } from "../components/notices.js";
import { html } from "../html.js";
import { number, size } from "../i18n/format.js";
import { t } from "../i18n/language.js";
import { focusHeading } from "./heading.js";
import { leaveOut } from "./library.js";
import { named } from "./target.js";

// A large one takes its time: all of it has gone when the answer comes.
const PATIENCE_MS = 180_000;
const receipt = signal(null);
/** Ids of those that are going just now. */
export const going = signal(new Set());

/**
 * Ask, delete, and show the receipt.
 * @param {{id: string, client_id: string, filename: string}} document
 * @returns {Promise<boolean>} whether it has gone
 */
export async function remove(document) {
  const { id, client_id: clientId, filename } = document;
  const text = t("documents.delete_text", { name: filename });
  if (!(await confirm({ title: t("documents.delete"), text, action: t("delete") }))) return false;
  going.value = new Set([...going.value, id]);
  try {
    const path = `/documents/${encodeURIComponent(id)}`;
    receipt.value = await call("DELETE", path, { query: named(clientId), patienceMs: PATIENCE_MS });
  } catch (problem) {
    // Somebody else was faster: it has gone all the same.
    if (problem.code !== "document_not_found") {
      notifyProblem(problem);
      return false;
    }
  } finally {
    going.value = new Set([...going.value].filter((each) => each !== id));
  }
  leaveOut(id);
  documentsVersion.value += 1;
  return true;
}

/** Stands once in the view. */
export function Receipt() {
  if (receipt.value === null) return null;
  const { filename, deleted, leftovers } = receipt.value;
  const close = () => {
    receipt.value = null;
    focusHeading();
  };
  const left = leftovers.rows + leftovers.vectors + leftovers.files;
  const facts = [
    ["documents.receipt.pages", number(deleted.pages)],
    ["documents.receipt.passages", number(deleted.chunks)],
    ["documents.receipt.vectors", number(deleted.vectors)],
    ["documents.receipt.file_bytes", size(deleted.file_bytes)],
    ["documents.receipt.database_bytes", size(deleted.database_bytes)],
  ];
  const fact = ([name, value]) => html`<div key=${name}><dt>${t(name)}</dt><dd>${value}</dd></div>`;
  const foot = html`<${Button} kind="main" onClick=${close}>${t("close")}<//>`;
  return html`<${Dialog} title=${t("documents.receipt.title")} onClose=${close} foot=${foot}>
    <p class="file-name"><bdi>${filename}</bdi></p>
    <dl class="facts">${facts.map(fact)}</dl>
    ${!deleted.words_erased && html`<p class="fine">${t("documents.receipt.words")}</p>`}
    <p class="fine">
      ${left ? t("documents.receipt.leftovers", { count: left }) : t("documents.receipt.nothing_left")}
    </p>
  <//>`;
}
