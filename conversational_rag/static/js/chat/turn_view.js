// A turn as one sees it: the question, the answer, and what can be done with it.
import { html } from "../html.js";
import { t } from "../i18n/language.js";
import { moment } from "../i18n/format.js";
import { AnswerFoot } from "./answer_foot.js";
import { AnswerMarks, AnswerState } from "./answer_state.js";
import { Prose } from "./prose.js";
import { SourceList } from "./source_list.js";

/**
 * @param {object} props
 * @param {import("./turn.js").Turn} props.turn
 * @param {import("./conversation.js").Conversation} props.conversation
 * @param {(turn: any, source: number, from: HTMLElement) => void} props.onCite
 */
export function TurnView({ turn, conversation, onCite }) {
  const retry = () => conversation.retry(turn);
  const canRetry = !conversation.isBusy.value;
  const hasWords = turn.sources.value.length > 0 || turn.answer.value !== null || turn.state.value === "writing";
  return html`<article class="turn" data-turn=${turn.key} data-state=${turn.state.value} aria-label=${t("chat.turn")}
    aria-busy=${turn.isOpen}>
    ${turn.question && html`<div class="question"><h2 class="unseen">${t("chat.you")}</h2>
      <p dir="auto" title=${moment(turn.askedAt)}>${turn.question}</p></div>`}
    <div class="answer"><h2 class="unseen">${t("chat.answer")}</h2>
      <${AnswerMarks} turn=${turn} onRetry=${canRetry ? retry : null} />
      ${hasWords && html`<${Prose} turn=${turn} onCite=${(source, chip) => onCite(turn, source, chip)} />`}
      <${AnswerState} turn=${turn} onRetry=${canRetry ? retry : null} />
      ${!turn.isOpen && turn.text.value && html`<${SourceList} turn=${turn} onCite=${onCite} />
        <${AnswerFoot} turn=${turn} conversation=${conversation} onRetry=${canRetry ? retry : null}/>`}
    </div>
  </article>`;
}
