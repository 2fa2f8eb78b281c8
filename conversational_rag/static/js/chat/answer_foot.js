// Below an answer: copy it, ask again, say whether it was good.
import { IconButton } from "../components/button.js";
import { html } from "../html.js";
import { t } from "../i18n/language.js";
import { Feedback } from "./feedback.js";
import { copyText } from "./prose.js";
import { sourceName } from "./source_name.js";

/** @param {{turn: import("./turn.js").Turn, conversation: any, onRetry: (() => void) | null}} props */
export function AnswerFoot({ turn, conversation, onRetry }) {
  const answer = turn.answer.value;
  return html`<footer class="answer-foot">
    <${IconButton} class="small" icon="copy" label=${t("chat.copy")} onClick=${() => copyText(withSources(turn))} />
    <${IconButton} class="small" icon="again" label=${t("chat.ask_again")} disabled=${!onRetry} onClick=${onRetry} />
    ${answer?.messageId && html`<${Feedback} turn=${turn} sessionId=${conversation.id.value} />`}
    ${answer?.model && !answer.degraded && html`<span class="fine model"><bdi dir="ltr">${answer.model}</bdi></span>`}
  </footer>`;
}

/** The answer as Markdown, with what its numbers stand for. */
function withSources(turn) {
  const all = turn.sources.value.map((source, index) => ({ source, number: index + 1 }));
  const cited = all.filter((each) => each.source.cited);
  const lines = cited.map(({ source, number }) => `[${number}] ${sourceName(source)}`);
  return [turn.text.value, lines.join("\n")].filter(Boolean).join("\n\n");
}
