// What the audit tells of each entry.
import { Badge } from "../../components/badge.js";
import { html } from "../../html.js";
import { number } from "../../i18n/format.js";
import { knows, t } from "../../i18n/language.js";
import { Id } from "../facts.js";
import { Time } from "../time.js";
import { actionName } from "./actions.js";

const TONES = { done: "good", refused: "warn", failed: "bad" };

/** @returns {import("../../components/table.js").Column[]} */
export function columns() {
  return [
    { key: "timestamp", title: t("admin.when"), cell: (row) => html`<${Time} at=${row.timestamp} as="exact" />` },
    { key: "action", title: t("admin.audit.action"), isHead: true, cell: action },
    { key: "outcome", title: t("admin.audit.outcome"), cell: outcome },
    { key: "actor", title: t("admin.audit.actor"), cell: actor },
    { key: "object", title: t("admin.audit.object"), cell: object },
    { key: "request_id", title: t("admin.audit.request"), cell: (row) => html`<span class="short">${id(row.request_id)}</span>` },
  ];
}

function action(row) {
  const name = actionName(row.action);
  return name === row.action ? html`<${Id}>${name}<//>` : html`<span title=${row.action}>${name}</span>`;
}

function outcome(row) {
  const status = row.status === null ? "" : ` ${number(row.status, { useGrouping: false })}`;
  return html`<${Badge} tone=${TONES[row.outcome]}>${t(`admin.outcome.${row.outcome}`)}${status}<//>`;
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
