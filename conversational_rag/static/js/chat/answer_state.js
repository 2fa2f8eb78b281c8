// What is to be said of an answer beside its words: that it is quoted or known, on its way, broken off or failed.
import { useEffect, useState } from "preact/hooks";
import { Badge } from "../components/badge.js";
import { Button } from "../components/button.js";
import { Countdown } from "../components/countdown.js";
import { Icon } from "../components/icon.js";
import { ProblemNote } from "../components/states.js";
import { html } from "../html.js";
import { t } from "../i18n/language.js";

const LONG_SECONDS = 10;

/**
 * @param {{turn: import("./turn.js").Turn, onRetry: (() => void) | null}} props without `onRetry` it cannot be asked
 *   again now
 */
export function AnswerState({ turn, onRetry }) {
  const state = turn.state.value;
  if (state === "asking") return html`<${Waiting} turn=${turn} />`;
  if (state === "waiting") return html`<${Note} icon="waiting" text=${t("chat.reconnecting")} />`;
  if (state === "failed") return html`<${Failed} turn=${turn} onRetry=${onRetry} />`;
  if (state === "stopped") return html`<${Note} icon="stop"
    text=${t(turn.text.value ? "chat.stopped" : "chat.unanswered")}>
    ${onRetry && html`<${Button} class="small" icon="again" onClick=${onRetry}>${t("chat.ask_again")}<//>`}<//>`;
  return null;
}

/**
 * What one should know before reading.
 * @param {{turn: import("./turn.js").Turn, onRetry: (() => void) | null}} props
 */
export function AnswerMarks({ turn, onRetry }) {
  const answer = turn.state.value === "done" ? turn.answer.value : null;
  if (answer?.degraded) return html`<${Degraded} retryAt=${answer.retryAt} onRetry=${onRetry} />`;
  if (answer?.cached) return html`<p><${Badge} icon="again" data-cached>${t("chat.cached")}<//></p>`;
  return null;
}

function Waiting({ turn }) {
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), LONG_SECONDS * 1000);
    return () => clearTimeout(timer);
  }, [turn]);
  const count = turn.sources.value.length;
  const text = count ? t("chat.reading", { count }) : t("chat.searching");
  return html`<div class="thinking"><span class="dots" aria-hidden="true"><i></i><i></i><i></i></span><span>
    ${isLong ? t("chat.long") : text}</span></div>`;
}

function Degraded({ retryAt, onRetry }) {
  const again = html`<p>${t(retryAt ? "chat.model_back" : "chat.model_unknown")}</p>
    ${onRetry && html`<${Button} class="small" icon="again" onClick=${onRetry}>${t("chat.ask_again")}<//>`}`;
  return html`<div class="answer-note" data-degraded><${Icon} name="warning" /><div>
    <p><strong>${t("chat.degraded")}</strong> ${t("chat.degraded_text")}</p>
    <div class="row">${retryAt ? html`<${Countdown} until=${retryAt} after=${again}>
      ${(left) => t("chat.model_in", { left })}<//>` : again}</div>
  </div></div>`;
}

function Failed({ turn, onRetry }) {
  const error = turn.error.value;
  const until = error?.retryAfter ? turn.failedAt + error.retryAfter : null;
  return html`${turn.text.value && html`<${Note} icon="warning" text=${t("chat.broke_off")} />`}
    <${ProblemNote} error=${error}>${onRetry && html`<${Button} class="small" icon="again" onClick=${onRetry}>
      ${turn.text.value ? t("chat.ask_again") : t("again")}<//>`}
    ${until && html`<${Countdown} until=${until} after=${null}>${(left) => t("chat.model_in", { left })}<//>`}<//>`;
}

function Note({ icon, text, children }) {
  return html`<div class="answer-note quiet" role="status"><${Icon} name=${icon} /><div class="row"><p>${text}</p>
    ${children}</div></div>`;
}
