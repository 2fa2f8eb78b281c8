// The widget: one conversation in a small frame on somebody's own page.
import { signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { isStranger } from "../api.js";
import { Conversation } from "../chat/conversation.js";
import { ConversationPane } from "../chat/conversation_pane.js";
import { IconButton } from "../components/button.js";
import { Notices } from "../components/notices.js";
import { EmptyState, Skeleton } from "../components/states.js";
import { html } from "../html.js";
import { t } from "../i18n/language.js";
import { leave } from "./host.js";
import { keepSession, keptSession } from "./kept_session.js";

const PATIENCE_MS = 5000;

/** What the page around has told; null until then. */
export const opening = signal(null);

const conversation = signal(null);

export function Widget() {
  return html`<header class="widget-head"><h1 dir="auto">${opening.value?.title ?? t("widget.title")}</h1>
      ${conversation.value?.turns.value.length > 0 && html`<${IconButton} icon="again" label=${t("widget.new")}
        onClick=${beginAnew} />`}
      <${IconButton} icon="close" label=${t("close")} onClick=${leave} /></header>
    <main id="main">${opening.value ? html`<${Talk} />` : html`<${Waiting} />`}</main><${Notices} />`;
}

function Talk() {
  useEffect(() => {
    if (conversation.value === null) goOn();
  }, []);
  if (isStranger.value) return html`<${EmptyState} icon="key" title=${t("widget.closed")}
    text=${t("widget.closed_text")} />`;
  if (conversation.value === null) return html`<${Skeleton} />`;
  const welcome = () => html`<section class="welcome"><p>${t("widget.text")}</p></section>`;
  return html`<${ConversationPane} key=${conversation.value.key} conversation=${conversation.value}
    title=${opening.value.title} isReady=${true} welcome=${welcome} isCompact=${true} />`;
}

function Waiting() {
  const isLong = useSignal(false);
  useEffect(() => {
    const timer = setTimeout(() => { isLong.value = true; }, PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  return isLong.value ? html`<${EmptyState} icon="key" title=${t("widget.closed")} text=${t("widget.waiting")} />`
    : html`<div class="turns"><${Skeleton} /></div>`;
}

/** The conversation of this tab, if it still is one. */
async function goOn() {
  const kept = keptSession();
  const former = kept && started(kept);
  await former?.load();
  if (former && former.state.value === "ready") conversation.value = former;
  else beginAnew();
}

function beginAnew() {
  conversation.value?.stop();
  keepSession(null);
  conversation.value = started(null);
}

function started(sessionId) {
  return new Conversation(sessionId, { named: (each) => keepSession(each.id.value) });
}
