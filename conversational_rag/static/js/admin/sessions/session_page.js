// One conversation, to be read and not to be gone on with.
import { useSignal } from "@preact/signals";
import { get, remove } from "../../api.js";
import { close } from "../../chat/open_conversations.js";
import { refreshSessions } from "../../chat/sessions.js";
import { Badge } from "../../components/badge.js";
import { Button, ButtonLink } from "../../components/button.js";
import { confirm } from "../../components/confirm.js";
import { notify, notifyProblem } from "../../components/notices.js";
import { html } from "../../html.js";
import { moment, number } from "../../i18n/format.js";
import { t } from "../../i18n/language.js";
import { addressOf, goTo } from "../../routing.js";
import { Facts, Id } from "../facts.js";
import { Loaded, useLoaded } from "../loaded.js";
import { More, usePages } from "../pages.js";
import { Message } from "./message.js";

const PAGE = 200;

/** @param {{sessionId: string, messageId: string | null}} props `messageId`: the one that is looked for */
export function SessionPage({ sessionId, messageId }) {
  const path = `/sessions/${encodeURIComponent(sessionId)}`;
  const info = useLoaded((signal) => get(`${path}/info`, {}, signal));
  const fetchPage = async (position, signal) => {
    const offset = position ?? 0;
    const rows = await get(`${path}/messages`, { limit: PAGE, offset }, signal);
    // How many there are is not told: a full page may be followed by another one.
    return { rows, next: rows.length === PAGE ? offset + PAGE : null };
  };
  const messages = usePages(fetchPage, (each) => each.id, "");
  return html`<p><a href=${addressOf("admin", "sessions")}>${t("admin.sessions.back")}</a></p>
    <${Loaded} from=${info} lines=${3}>${(found) => html`<${Info} info=${found} />`}<//>
    ${info.error.value === null && html`<${Loaded} from=${messages} lines=${8}>${({ rows, next }) => html`
      <ol class="messages" aria-label=${t("chat.messages")}>
        ${rows.map((each) => html`<${Message} key=${each.id} message=${each} isWanted=${String(each.id) === messageId} />`)}</ol>
      ${next !== null && html`<${More} pages=${messages} />`}`}<//>`}`;
}

function Info({ info }) {
  const isBusy = useSignal(false);
  const { session_id, client_id, message_count, created_at, last_accessed, expires_at, is_expired } = info;
  const title = info.title ?? session_id;
  const expired = is_expired && html`<${Badge} tone="warn">${t("admin.keys.expired")}<//>`;
  const erase = async () => {
    isBusy.value = true;
    await deletion(session_id, title);
    isBusy.value = false;
  };
  return html`<div class="view-head"><h2 dir="auto">${title}</h2>
      <div class="row"><${ButtonLink} icon="chat" href=${addressOf("chat", session_id)}>${t("admin.sessions.open")}<//>
        <${Button} icon="trash" busy=${isBusy.value} onClick=${erase}>${t("delete")}<//></div></div>
    <${Facts} class="plain card" facts=${[
      [t("admin.sessions.id"), html`<${Id}>${session_id}<//>`],
      [t("client"), html`<${Id}>${client_id}<//>`],
      [t("admin.messages"), number(message_count)],
      [t("admin.keys.created"), moment(created_at)],
      [t("admin.keys.used"), moment(last_accessed)],
      [t("admin.keys.expires"), expires_at === null ? t("admin.never") : html`${moment(expires_at)} ${expired}`],
    ]} />`;
}

async function deletion(sessionId, title) {
  const question = { title: t("sessions.delete"), text: t("sessions.delete_text", { title }), action: t("delete") };
  if (!(await confirm(question))) return;
  try {
    const { messages_deleted } = await remove(`/sessions/${encodeURIComponent(sessionId)}`);
    close(sessionId);
    refreshSessions();
    notify(t("admin.sessions.deleted", { count: messages_deleted }));
    goTo("admin", "sessions");
  } catch (problem) {
    notifyProblem(problem);
  }
}
