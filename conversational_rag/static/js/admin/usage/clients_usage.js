// What each client has cost, and what it has left of its day.
import { isBound } from "../../account/clients.js";
import { EmptyState } from "../../components/states.js";
import { Table } from "../../components/table.js";
import { html } from "../../html.js";
import { number, percent } from "../../i18n/format.js";
import { t } from "../../i18n/language.js";
import { Id } from "../facts.js";
import { useSteps } from "../pages.js";
import { subject } from "../subject.js";

const STEP = 50;

/** @param {{clients: any[]}} props as GET /usage tells it */
export function ClientsUsage({ clients }) {
  const sorted = [...clients].sort((one, other) => tokens(other.last_7_days) - tokens(one.last_7_days));
  const { shown, rest } = useSteps(sorted, STEP);
  if (!clients.length) return html`<${EmptyState} icon="admin" title=${t("admin.usage.empty")} text=${t("admin.usage.empty_text")} />`;
  const hasLimit = clients.some((each) => each.tokens_per_day);
  return html`<${Table} caption=${t("admin.usage.clients")} columns=${columns(hasLimit)} rows=${shown} rowKey=${(row) => row.client_id} />
    ${rest}<p class="fine">${t(hasLimit ? "admin.usage.limit" : "admin.usage.no_limit")}</p>`;
}

function columns(hasLimit) {
  return [
    { key: "client_id", title: t("client"), isHead: true, cell: name },
    { key: "day", title: t("admin.answers_day"), isNumber: true, cell: (row) => number(row.last_24_hours.answers) },
    { key: "day_tokens", title: t("admin.tokens_day"), isNumber: true, cell: (row) => number(tokens(row.last_24_hours)) },
    hasLimit && { key: "left", title: t("admin.tokens_left"), isNumber: true, cell: left },
    { key: "week", title: t("admin.answers_week"), isNumber: true, cell: (row) => number(row.last_7_days.answers) },
    { key: "week_tokens", title: t("admin.tokens_week"), isNumber: true, cell: (row) => number(tokens(row.last_7_days)) },
    { key: "share", title: t("admin.degraded_share"), isNumber: true, cell: share },
  ].filter(Boolean);
}

function name({ client_id }) {
  if (isBound.value || subject.value === client_id) return html`<${Id}>${client_id}<//>`;
  return html`<button type="button" class="as-link" onClick=${() => { subject.value = client_id; }}><${Id}>${client_id}<//></button>`;
}

function share({ last_7_days: { answers, degraded } }) {
  return answers ? percent(degraded / answers) : "–";
}

function left({ client_id, tokens_left, tokens_per_day }) {
  if (!tokens_per_day) return "–";
  const text = t("admin.left_of", { left: tokens_left, limit: tokens_per_day });
  return html`<span class="left"><span>${text}</span>
    <progress aria-label=${`${client_id}: ${text}`} max=${tokens_per_day} value=${tokens_left}></progress></span>`;
}

function tokens({ prompt_tokens, completion_tokens }) {
  return prompt_tokens + completion_tokens;
}
