// When a collection was changed last; the list of them does not tell.
import { get } from "../../api.js";
import { html } from "../../html.js";
import { useLoaded } from "../loaded.js";
import { Time } from "../time.js";

/** @param {{clientId: string}} props */
export function LastChange({ clientId }) {
  const { data, error } = useLoaded((signal) => get(`/chat/collections/${encodeURIComponent(clientId)}/stats`, {}, signal), clientId);
  // Nothing else is lost when this cannot be told.
  if (error.value) return html`<span class="muted">–</span>`;
  if (data.value === null) return html`<span class="muted">…</span>`;
  return html`<${Time} at=${data.value.last_modified} as="ago" />`;
}
