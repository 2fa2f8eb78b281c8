// What the list of keys tells of each of them.
import { caller } from "../../account/caller.js";
import { isBound } from "../../account/clients.js";
import { Badge } from "../../components/badge.js";
import { Button } from "../../components/button.js";
import { html } from "../../html.js";
import { date, moment } from "../../i18n/format.js";
import { t } from "../../i18n/language.js";
import { Id } from "../facts.js";
import { Time } from "../time.js";

const TONES = { live: "good", expired: "warn", revoked: "neutral" };

/**
 * @param {(key: any) => void} onRotate
 * @param {(key: any) => void} onRevoke
 * @returns {import("../../components/table.js").Column[]}
 */
export function columns(onRotate, onRevoke) {
  const all = [
    { key: "name", title: t("admin.keys.name"), isHead: true, cell: name },
    { key: "scope", title: t("admin.keys.scope"), cell: scope },
    !isBound.value && { key: "client_id", title: t("client"), cell: owner },
    { key: "status", title: t("admin.keys.status"), cell: status },
    { key: "last_used_at", title: t("admin.keys.used"), cell: used },
    { key: "actions", title: t("admin.actions"), cell: (row) => html`<${Actions} row=${row} onRotate=${onRotate} onRevoke=${onRevoke} />` },
  ];
  return all.filter(Boolean);
}

function name(row) {
  const isOwn = row.id === caller.value.key_id;
  return html`<span class="named">${row.name ? html`<bdi>${row.name}</bdi>` : html`<span class="muted">${t("admin.keys.unnamed")}</span>`}
    <small class="muted"><${Id}>${row.id}<//></small>${isOwn && html`<${Badge}>${t("admin.keys.own")}<//>`}</span>`;
}

function scope(row) {
  return html`<span class="named"><span>${t(`admin.scope.${row.scope}`)}</span>
    ${row.origins.length > 0 && html`<small class="muted" title=${row.origins.join("\n")}>
      ${t("admin.keys.widget")} <bdi dir="ltr">${sites(row.origins)}</bdi></small>`}</span>`;
}

function sites(origins) {
  return origins.map((each) => each.replace(/^https?:\/\//, "")).join(", ");
}

function owner(row) {
  return row.client_id === null ? html`<span class="muted">${t("admin.everybody")}</span>` : html`<${Id}>${row.client_id}<//>`;
}

function status(row) {
  const end = row.revoked_at ?? row.expires_at;
  const text = end === null ? t("admin.keys.endless") : t(`admin.keys.${row.status}_at`, { date: day(end) });
  return html`<span class="named"><${Badge} tone=${TONES[row.status]}>${t(`admin.keys.${row.status}`)}<//>
    <small class="muted nowrap" title=${end === null ? null : moment(end)}>${text}</small></span>`;
}

function used(row) {
  const last = row.last_used_at;
  return html`<span class="named">${last === null ? html`<span class="muted">${t("admin.not_yet")}</span>` : html`<${Time} at=${last} as="ago" />`}
    <small class="muted nowrap" title=${moment(row.created_at)}>${t("admin.keys.created_at", { date: day(row.created_at) })}</small></span>`;
}

function day(seconds) {
  return date(seconds, { dateStyle: "medium" });
}

function Actions({ row, onRotate, onRevoke }) {
  if (row.status === "revoked") return null;
  // A key and the one in its place have the same name.
  const named = (label) => `${label}: ${[row.name, row.id].filter(Boolean).join(" ")}`;
  return html`<div class="actions">
    <${Button} class="small" onClick=${() => onRotate(row)} aria-label=${named(t("admin.rotate"))}>${t("admin.rotate")}<//>
    <${Button} class="small" onClick=${() => onRevoke(row)} aria-label=${named(t("admin.revoke"))}>${t("admin.revoke")}<//>
  </div>`;
}
