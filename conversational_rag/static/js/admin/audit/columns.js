// What the audit tells of each entry.
import { Badge } from "../../components/badge.js";
import { html } from "../../html.js";
import { date, number } from "../../i18n/format.js";
import { knows, t } from "../../i18n/language.js";
import { Id } from "../facts.js";
import { actionName } from "./actions.js";

const TONES = { done: "good", refused: "warn", failed: "bad" };
const EXACT = { dateStyle: "medium", timeStyle: "medium" };

/** @returns {import("../../components/table.js").Column[]} */
export function columns() {
  return [
    { key: "timestamp", title: t("admin.when"), cell: (row) => html`<time class="nowrap" dateTime=${new Date(row.timestamp * 1000).toISOString()}>${date(row.timestamp, EXACT)}</time>` },
    { key: "action", title: t("admin.audit.action"), isHead: true, cell: (row) => (actionName(row.action) === row.action ? html`<${Id}>${row.action}<//>` : html`<span title=${row.action}>${actionName(row.action)}</span>`) },
    { key: "outcome", title: t("admin.audit.outcome"), cell: (row) => html`<${Badge} tone=${TONES[row.outcome]}>${t(`admin.outcome.${row.outcome}`)}${row.status ? ` ${number(row.status, { useGrouping: false })}` : ""}<//>` },
    { key: "actor", title: t("admin.audit.actor"), cell: actor },
    { key: "object", title: t("admin.audit.object"), cell: object },
    { key: "request_id", title: t("admin.audit.request"), cell: (row) => html`<span class="short">${id(row.request_id)}</span>` },
  ];
}

function actor(row) {
  const known = `admin.actor.${row.actor}`;
  const more = [row.scope && t(`admin.scope.${row.scope}`), row.address && html`<bdi dir="ltr">${row.address}</bdi>`].filter(Boolean);
  return html`<span class="named"><span>${knows(known) ? t(known) : html`<${Id}>${row.actor}<//>`}</span>
    ${more.map((each, index) => html`<small key=${index} class="muted">${each}</small>`)}</span>`;
}

function object(row) {
  if (row.client_id === null) return id(row.object);
  return html`<span class="named"><${Id}>${row.client_id}<//>${row.object && html`<small class="muted"><${Id}>${row.object}<//></small>`}</span>`;
}

function id(text) {
  return text ? html`<${Id}>${text}<//>` : html`<span class="muted">–</span>`;
}
