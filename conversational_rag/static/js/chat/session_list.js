// The conversations in the sidebar, by the day they were last used.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { address } from "../api.js";
import { Button, ButtonLink, IconButton } from "../components/button.js";
import { confirm } from "../components/confirm.js";
import { Icon } from "../components/icon.js";
import { notify, notifyProblem } from "../components/notices.js";
import { ProblemNote, Skeleton } from "../components/states.js";
import { html } from "../html.js";
import { t } from "../i18n/language.js";
import { addressOf, goTo, place } from "../routing.js";
import { close } from "./open_conversations.js";
import { erase, found, loadMore, query, refreshSessions, rename } from "./sessions.js";

const DAY_SECONDS = 86_400;

export function SessionList() {
  const { sessions, total, error } = found.value;
  const isSearching = query.value.trim() !== "";
  if (sessions?.length === 0 && !isSearching && !error) return html`<div class="sessions"></div>`;
  return html`<section class="sessions" aria-label=${t("sessions")}>
    <div class="search-box"><${Icon} name="search" /><input type="search" dir=${query.value ? "auto" : null}
      maxlength="200" aria-label=${t("sessions.search")} placeholder=${t("sessions.search")}
      value=${query.value} onInput=${(event) => { query.value = event.currentTarget.value; }} /></div>
    <div class="sessions-scroll">
      ${error && html`<${ProblemNote} error=${error} onRetry=${refreshSessions} />`}
      ${sessions === null && !error && html`<${Skeleton} lines=${5} />`}
      ${sessions?.length === 0 && isSearching && html`<p class="fine" role="status">${t("sessions.none")}</p>`}
      ${groups(sessions ?? []).map(([name, members]) => html`<div key=${name}><h2 class="group">
        ${t(`sessions.${name}`)}</h2>
        <ul class="session-rows">${members.map((each) => html`<${Row} key=${each.session_id} session=${each} />`)}
        </ul></div>`)}
      ${sessions?.length < total && html`<${Button} kind="quiet" class="wide" onClick=${loadMore}>${t("more")}<//>`}
    </div>
  </section>`;
}

/** Today, yesterday, the last week, before: by the days of this clock. */
function groups(sessions) {
  const midnight = new Date().setHours(0, 0, 0, 0) / 1000;
  const [yesterday, week] = [1, 7].map((days) => midnight - days * DAY_SECONDS);
  const names = { today: midnight, yesterday, week, before: -Infinity };
  const groupOf = (each) => Object.keys(names).find((name) => each.last_accessed >= names[name]);
  return Object.keys(names)
    .map((name) => [name, sessions.filter((each) => groupOf(each) === name)])
    .filter(([, members]) => members.length);
}

function Row({ session }) {
  const mode = useSignal("shown");
  const more = useRef(null);
  const before = useRef("shown");
  useEffect(() => {
    // What had the focus has gone with it: one goes on where one began.
    const isLost = document.activeElement === document.body;
    if (mode.value === "shown" && before.current !== "shown" && isLost) more.current.querySelector("button").focus();
    before.current = mode.value;
  }, [mode.value]);
  const isHere = place.value[0] === "chat" && place.value[1] === session.session_id;
  const back = () => {
    mode.value = "shown";
  };
  if (mode.value === "renamed") return html`<li><${TitleField} session=${session} onEnd=${back} /></li>`;
  const isOpen = mode.value === "open";
  return html`<li class=${isOpen ? "open" : ""} onKeyDown=${(event) => event.key === "Escape" && isOpen && back()}>
    <div class="session-row"><a href=${addressOf("chat", session.session_id)} aria-current=${isHere ? "page" : null}>
        <span dir="auto">${session.title}</span></a>
      <span ref=${more}><${IconButton} class="small" icon="more" label=${t("sessions.more", { title: session.title })}
        aria-expanded=${isOpen}
        onClick=${() => { mode.value = isOpen ? "shown" : "open"; }} /></span></div>
    ${isOpen && html`<div class="session-actions">
      <${Button} kind="quiet" class="small" icon="pencil" onClick=${() => { mode.value = "renamed"; }}>${t("rename")}
      <//>
      <${ButtonLink} kind="quiet" class="small" icon="download" href=${exportOf(session.session_id)} download>
        ${t("export")}<//>
      <${Button} kind="quiet" class="small" icon="trash" onClick=${() => drop(session)}>${t("delete")}<//>
    </div>`}
  </li>`;
}

function TitleField({ session, onEnd }) {
  const field = useRef(null);
  const isBusy = useRef(false);
  useEffect(() => field.current.select(), []);
  const save = async () => {
    if (isBusy.current) return;
    isBusy.current = true;
    const title = field.current.value.replace(/\s+/g, " ").trim();
    try {
      // An empty field asks for the title that the first question makes.
      if (title !== session.title) await rename(session.session_id, title || null);
    } catch (error) {
      notifyProblem(error);
    }
    onEnd();
  };
  const pressed = (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter") save();
    if (event.key === "Escape") {
      isBusy.current = true;
      onEnd();
    }
  };
  return html`<input ref=${field} class="title-field" dir="auto" maxlength="200" aria-label=${t("sessions.title")}
    defaultValue=${session.title} onKeyDown=${pressed} onBlur=${save} />`;
}

/** @param {string} sessionId @returns {string} where its Markdown is */
export function exportOf(sessionId) {
  return address(`/sessions/${encodeURIComponent(sessionId)}/export`);
}

async function drop(session) {
  const text = t("sessions.delete_text", { title: session.title });
  if (!(await confirm({ title: t("sessions.delete"), text, action: t("delete") }))) return;
  try {
    await erase(session.session_id);
    close(session.session_id);
    notify(t("sessions.deleted"));
    if (place.value[1] === session.session_id) goTo("chat");
  } catch (error) {
    notifyProblem(error);
  }
}
