// Whose keys, conversations, usage … are shown: one client's, or everybody's. It stays when one goes from tab to tab.
import { signal } from "@preact/signals";
import { isBound } from "../account/clients.js";
import { html } from "../html.js";
import { t } from "../i18n/language.js";
import { ClientField } from "./client_field.js";

/** The client's id; null: everybody. */
export const subject = signal(null);

/**
 * As a request's query.
 * @returns {{client_id?: string}} nothing for everybody, and for a key that is bound to its client
 */
export function ofSubject() {
  return isBound.value || subject.value === null ? {} : { client_id: subject.value };
}

/** Chooses it, where there is a choice. */
export function SubjectField() {
  if (isBound.value) return null;
  const choose = (clientId) => {
    subject.value = clientId || null;
  };
  return html`<${ClientField} label=${t("client")} anyone=${t("admin.everybody")} value=${subject.value ?? ""} onChoose=${choose} />`;
}
