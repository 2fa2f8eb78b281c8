// When a collection was changed last; the list of them does not tell.
import { get } from "../../api.js";
import { html } from "../../html.js";
import { ago, moment } from "../../i18n/format.js";
import { useLoaded } from "../loaded.js";

/** @param {{clientId: string}} props */
export function LastChange({ clientId }) {
  const { data, error } = useLoaded((signal) => get(`/chat/collections/${encodeURIComponent(clientId)}/stats`, {}, signal), clientId);
  // Nothing else is lost when this cannot be told.
  if (error.value) return html`<span class="muted">–</span>`;
  if (data.value === null) return html`<span class="muted">…</span>`;
  const { last_modified: when } = data.value;
  return html`<time dateTime=${new Date(when * 1000).toISOString()} title=${moment(when)}>${ago(when)}</time>`;
}
