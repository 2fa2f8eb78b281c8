// The end of a collection: asked twice, and what went is shown.
import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { documentsVersion, forget, isBound } from "../../account/clients.js";
import { call } from "../../api.js";
import { Button } from "../../components/button.js";
import { Dialog } from "../../components/dialog.js";
import { Field } from "../../components/field.js";
import { ProblemNote } from "../../components/states.js";
import { html } from "../../html.js";
import { number } from "../../i18n/format.js";
import { t } from "../../i18n/language.js";
import { Facts, Id } from "../facts.js";
import { subject } from "../subject.js";
import { Receipt } from "./receipt.js";

// Much that is deleted takes long, and half a deletion cannot be called off.
const PATIENCE_MS = 300_000;

/** @param {{client: {client_id: string, files: number, document_count: number}, onClose: () => void}} props */
export function Deletion({ client, onClose }) {
  const receipt = useSignal(null);
  const isBusy = useSignal(false);
  const error = useSignal(null);
  const erase = async () => {
    isBusy.value = true;
    error.value = null;
    try {
      receipt.value = await call("DELETE", `/chat/collections/${encodeURIComponent(client.client_id)}`, { patienceMs: PATIENCE_MS });
      gone(client.client_id);
    } catch (problem) {
      error.value = problem;
    } finally {
      isBusy.value = false;
    }
  };
  if (receipt.value) return html`<${Receipt} receipt=${receipt.value} onClose=${onClose} />`;
  return html`<${Question} client=${client} isBusy=${isBusy.value} error=${error.value} onErase=${erase} onClose=${() => isBusy.value || onClose()} />`;
}

function Question({ client, isBusy, error, onErase, onClose }) {
  const typed = useSignal("");
  const form = useId();
  const { client_id, files, document_count } = client;
  const isSure = typed.value.trim() === client_id;
  const write = (event) => {
    typed.value = event.currentTarget.value;
  };
  const submit = (event) => {
    event.preventDefault();
    if (isSure && !isBusy) onErase();
  };
  const foot = html`<${Button} onClick=${onClose}>${t("cancel")}<//>
    <${Button} kind="danger" icon="trash" type="submit" form=${form} disabled=${!isSure} busy=${isBusy}>
      ${t(isBusy ? "admin.deletion.busy" : "admin.deletion.action")}<//>`;
  return html`<${Dialog} title=${t("admin.deletion")} onClose=${onClose} foot=${foot}>
    <p><${Id}>${client_id}<//></p>
    <${Facts} class="plain" facts=${[[t("admin.files"), number(files)], [t("admin.chunks"), number(document_count)]]} />
    <p>${t("admin.deletion.text")}</p>
    ${isBound.value && html`<p class="warning">${t("admin.deletion.own")}</p>`}
    <form id=${form} onSubmit=${submit}>
      <${Field} label=${t("admin.deletion.type")} dir="ltr" autofocus autocomplete="off" autocapitalize="off" spellcheck=${false}
        value=${typed.value} onInput=${write} /></form>
    ${error && html`<${ProblemNote} error=${error} />`}
  <//>`;
}

function gone(clientId) {
  forget(clientId);
  if (subject.value === clientId) subject.value = null;
  documentsVersion.value += 1;
}
