// The conversations: found, looked at, deleted.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { may } from "../../account/caller.js";
import { isBound } from "../../account/clients.js";
import { get, post } from "../../api.js";
import { Button } from "../../components/button.js";
import { confirm } from "../../components/confirm.js";
import { Field } from "../../components/field.js";
import { notify, notifyProblem } from "../../components/notices.js";
import { EmptyState } from "../../components/states.js";
import { Table } from "../../components/table.js";
import { html } from "../../html.js";
import { number } from "../../i18n/format.js";
import { t } from "../../i18n/language.js";
import { addressOf } from "../../routing.js";
import { Facts, Id } from "../facts.js";
import { Loaded, useLoaded } from "../loaded.js";
import { More, pageOf, usePages } from "../pages.js";
import { SubjectField, ofSubject, subject } from "../subject.js";
import { Time } from "../time.js";
import { SessionPage } from "./session_page.js";

const PAGE = 50;
const TYPING_MS = 300;
const MOST_CHARACTERS = 200;

/** @param {{path: string[]}} props a session's id, and a message's, or nothing */
export function Sessions({ path }) {
  if (path.length) return html`<${SessionPage} key=${path[0]} sessionId=${path[0]} messageId=${path[1] ?? null} />`;
  return html`<${SessionSearch} />`;
}

function SessionSearch() {
  const typed = useSignal("");
  const wanted = useRested(typed.value.trim());
  const about = JSON.stringify([subject.value, wanted]);
  const sessions = usePages((position, signal) => find(wanted, position, signal), (each) => each.session_id, about);
  const stats = useLoaded((signal) => get("/sessions/stats", ofSubject(), signal), subject.value ?? "");
  const write = (event) => {
    typed.value = event.currentTarget.value;
  };
  const cleanUp = async () => {
    await removeExpired();
    sessions.reload();
    stats.reload();
  };
  return html`<${Loaded} from=${stats} lines=${2}>${(found) => html`<${Stats} stats=${found} />`}<//>
    <div class="filters">
      <${Field} class="search" type="search" label=${t("sessions.search")} maxLength=${MOST_CHARACTERS} value=${typed.value} onInput=${write} />
      <${SubjectField} />
      ${may("admin") && html`<${Button} icon="trash" onClick=${cleanUp}>${t("admin.cleanup")}<//>`}</div>
    <${Loaded} from=${sessions}>${() => html`<${List} sessions=${sessions} isSearch=${wanted !== ""} />`}<//>`;
}

function List({ sessions, isSearch }) {
  const { rows } = sessions.data.value;
  const [title, text] = isSearch ? ["sessions.none", "admin.sessions.other_words"] : ["admin.sessions.empty", "admin.sessions.empty_text"];
  if (!rows.length) return html`<${EmptyState} icon="chat" title=${t(title)} text=${t(text)} />`;
  return html`<${Table} caption=${t("admin.sessions.back")} rows=${rows} rowKey=${(row) => row.session_id} columns=${columns()} /><${More} pages=${sessions} />`;
}

function columns() {
  return [
    { key: "title", title: t("admin.sessions.title"), isHead: true, cell: link },
    !isBound.value && { key: "client_id", title: t("client"), cell: (row) => html`<${Id}>${row.client_id}<//>` },
    { key: "message_count", title: t("admin.messages"), isNumber: true, cell: (row) => number(row.message_count) },
    { key: "last_accessed", title: t("admin.keys.used"), cell: (row) => html`<${Time} at=${row.last_accessed} as="ago" />` },
    { key: "expires_at", title: t("admin.keys.expires"), cell: end },
  ].filter(Boolean);
}

function link(row) {
  return html`<a href=${addressOf("admin", "sessions", row.session_id)}><bdi>${row.title}</bdi></a>`;
}

function end(row) {
  return row.expires_at === null ? t("admin.never") : html`<${Time} at=${row.expires_at} as="day" />`;
}

function Stats({ stats }) {
  return html`<${Facts} facts=${[
    [t("admin.sessions.active"), number(stats.active_sessions)],
    [t("admin.sessions.expired"), number(stats.total_sessions - stats.active_sessions)],
    [t("admin.messages"), number(stats.total_messages)],
    [t("admin.sessions.average"), number(stats.avg_messages_per_session, { maximumFractionDigits: 1 })],
    [t("admin.sessions.cached"), number(stats.active_chains)],
  ]} />`;
}

async function find(words, position, signal) {
  const { sessions, total } = await get("/sessions", { ...ofSubject(), q: words, limit: PAGE, offset: position ?? 0 }, signal);
  return pageOf(sessions, total, position);
}

async function removeExpired() {
  if (!(await confirm({ title: t("admin.cleanup"), text: t("admin.cleanup.text"), action: t("delete") }))) return;
  try {
    const { removed } = await post("/sessions/cleanup");
    notify(t("admin.cleanup.done", { count: removed }));
  } catch (problem) {
    notifyProblem(problem);
  }
}

/** What is typed, once the typing rests. */
function useRested(text) {
  const rested = useSignal(text);
  useEffect(() => {
    const timer = setTimeout(() => { rested.value = text; }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return rested.value;
}
