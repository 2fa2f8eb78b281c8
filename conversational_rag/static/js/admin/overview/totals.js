// How much there is of everything.
import { get } from "../../api.js";
import { html } from "../../html.js";
import { number, percent, size } from "../../i18n/format.js";
import { t } from "../../i18n/language.js";
import { Facts } from "../facts.js";

/** @param {AbortSignal} signal @returns {Promise<{collections: any[], sessions: any, day: any}>} Throws Problem. */
export async function askTotals(signal) {
  const [{ collections }, sessions, usage] = await Promise.all([
    get("/chat/collections", {}, signal),
    get("/sessions/stats", {}, signal),
    get("/usage", {}, signal),
  ]);
  return { collections, sessions, day: usage.total.last_24_hours };
}

/** @param {Awaited<ReturnType<typeof askTotals>>} props */
export function Totals({ collections, sessions, day }) {
  const sum = (name) => collections.reduce((together, each) => together + each[name], 0);
  return html`<${Facts} facts=${[
    [t("admin.clients"), number(collections.length)],
    [t("admin.files"), number(sum("files"))],
    [t("admin.chunks"), number(sum("document_count"))],
    [t("admin.sessions"), number(sessions.active_sessions)],
    [t("admin.messages"), number(sessions.total_messages)],
    [t("admin.database"), size(sessions.database_size_mb * 1024 ** 2)],
    [t("admin.answers_day"), number(day.answers)],
    [t("admin.degraded_day"), day.answers ? percent(day.degraded / day.answers) : "–"],
    [t("admin.tokens_day"), number(day.prompt_tokens + day.completion_tokens)],
  ]} />`;
}
