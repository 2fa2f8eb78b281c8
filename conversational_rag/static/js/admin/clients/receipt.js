// What went with a collection.
import { Button } from "../../components/button.js";
import { Dialog } from "../../components/dialog.js";
import { html } from "../../html.js";
import { number, size } from "../../i18n/format.js";
import { t } from "../../i18n/language.js";
import { Facts, Id } from "../facts.js";

const COUNTED = ["files", "pages", "chunks", "vectors", "sessions", "messages", "replies", "jobs"];
const WEIGHED = ["file_bytes", "database_bytes"];

/** @param {{receipt: any, onClose: () => void}} props `receipt`: the service's answer */
export function Receipt({ receipt, onClose }) {
  const { client_id, deleted, leftovers } = receipt;
  const left = leftovers.rows + leftovers.vectors + leftovers.files;
  const facts = [
    ...COUNTED.map((name) => [t(`admin.receipt.${name}`), number(deleted[name])]),
    ...WEIGHED.map((name) => [t(`admin.receipt.${name}`), size(deleted[name])]),
  ];
  return html`<${Dialog} title=${t("admin.receipt")} onClose=${onClose} foot=${html`<${Button} kind="main" autofocus onClick=${onClose}>${t("close")}<//>`}>
    <p><${Id}>${client_id}<//></p>
    <${Facts} class="plain" facts=${facts} />
    ${!deleted.words_erased && html`<p class="fine">${t("admin.receipt.words")}</p>`}
    <p class="fine">${left ? t("admin.receipt.leftovers", { count: left }) : t("admin.receipt.clean")}</p>
  <//>`;
}
