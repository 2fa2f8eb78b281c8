// A conversation as one sees it: its turns, the source that is looked at, and where one writes.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { ButtonLink, IconButton } from "../components/button.js";
import { ProblemNote, Skeleton } from "../components/states.js";
import { html } from "../html.js";
import { t } from "../i18n/language.js";
import { addressOf } from "../routing.js";
import { Composer } from "./composer.js";
import { useFollowing } from "./following.js";
import { SourcePanel } from "./source_panel.js";
import { statementOf, statementsOf } from "./statements.js";
import { TurnView } from "./turn_view.js";

/**
 * @param {object} props
 * @param {import("./conversation.js").Conversation} props.conversation
 * @param {string} props.title
 * @param {boolean} props.isReady whether there is somebody's documents to ask
 * @param {(ask: (draft: string) => void) => any} props.welcome what stands there before the first question
 * @param {boolean} [props.isCompact] in a small frame: no third column, no files, no pages
 */
export function ConversationPane({ conversation, title, isReady, welcome, isCompact = false }) {
  const shown = useSignal(null);
  const opener = useRef(null);
  const composer = useRef(null);
  const turns = conversation.turns.value;
  const { scroller, isAway, toEnd } = useFollowing(turns.at(-1));
  const cite = (turn, source, from) => {
    opener.current = from;
    const isChip = from.classList.contains("cite");
    const prose = from.closest(".turn").querySelector(".prose");
    const statements = isChip ? [statementOf(from)].filter(Boolean) : statementsOf(prose, source);
    shown.value = { turn, source, statements };
  };
  const looked = shown.value;
  useEffect(() => {
    // The column has become narrower: what was read stays in sight.
    if (looked) opener.current?.scrollIntoView({ block: "nearest" });
  }, [looked]);
  const turnTo = (source) => {
    const prose = opener.current?.closest(".turn")?.querySelector(".prose");
    shown.value = { ...shown.value, source, statements: prose ? statementsOf(prose, source) : [] };
  };
  const close = () => {
    shown.value = null;
    if (opener.current?.isConnected) opener.current.focus();
  };
  return html`<div class=${`chat ${isCompact ? "compact" : ""} ${shown.value ? "with-source" : ""}`}>
    <div class="chat-column">
      ${turns.length > 0 && !isCompact && html`<header class="chat-head"><h1 dir="auto">${title}</h1></header>`}
      <div class="chat-scroll" ref=${scroller} tabindex="0" role="region" aria-label=${t("chat.messages")}>
        <${Messages} conversation=${conversation} onCite=${cite} welcome=${welcome}
          onDraft=${(draft) => composer.current.write(draft)} />
      </div>
      <div class="chat-foot">
        ${isAway.value && html`<${IconButton} class="to-end" kind="plain" icon="down" label=${t("chat.to_end")}
          onClick=${toEnd} />`}
        <${Composer} handle=${composer} conversation=${conversation} isReady=${isReady}
          isShown=${conversation.state.value === "ready"} isCompact=${isCompact} onAsk=${toEnd} />
      </div>
    </div>
    ${shown.value && html`<${SourcePanel} sources=${shown.value.turn.sources.value} shown=${shown.value}
      onShow=${turnTo} onClose=${close} isCompact=${isCompact} />`}
  </div>`;
}

function Failure({ conversation }) {
  const error = conversation.error.value;
  if (error?.code !== "session_not_found") {
    return html`<${ProblemNote} error=${error} onRetry=${() => conversation.load()} />`;
  }
  return html`<${ProblemNote} error=${error}><${ButtonLink} icon="add" href=${addressOf("chat")}>${t("chat.new")}<//><//>`;
}

function Messages({ conversation, onCite, welcome, onDraft }) {
  const state = conversation.state.value;
  const turns = conversation.turns.value;
  if (state === "failed") return html`<div class="turns"><h1 class="unseen">${t("view.chat")}</h1>
    <${Failure} conversation=${conversation} /></div>`;
  if (state !== "ready") return html`<div class="turns"><h1 class="unseen">${t("view.chat")}</h1>
    <${Skeleton} lines=${6} /></div>`;
  if (!turns.length) return welcome(onDraft);
  return html`<div class="turns">${turns.map((turn) => html`<${TurnView} key=${turn.key} turn=${turn}
    conversation=${conversation} onCite=${onCite} />`)}</div>`;
}
