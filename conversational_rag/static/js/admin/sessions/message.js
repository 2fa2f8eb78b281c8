// A question or an answer of a stored conversation, with all that is known of it.
import { signal, useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { Prose } from "../../chat/prose.js";
import { sourceName } from "../../chat/source_name.js";
import { Badge } from "../../components/badge.js";
import { html } from "../../html.js";
import { t } from "../../i18n/language.js";
import { Time } from "../time.js";

/** @param {{message: any, isWanted: boolean}} props `isWanted`: it is shown first, and stands out */
export function Message({ message, isWanted }) {
  const place = useRef(null);
  useEffect(() => {
    if (isWanted) place.current.scrollIntoView({ block: "center" });
  }, [isWanted]);
  const isAnswer = message.role === "assistant";
  return html`<li ref=${place} class=${`message ${message.role} ${isWanted ? "wanted" : ""}`} aria-current=${isWanted ? "true" : null}>
    <div class="row"><strong>${t(isAnswer ? "chat.answer" : "admin.question")}</strong><${Time} class="fine" at=${message.timestamp} />
      ${message.model && html`<small class="fine"><bdi dir="ltr">${message.model}</bdi></small>`}
      ${message.degraded && html`<${Badge} tone="warn">${t("admin.degraded")}<//>`}
      ${message.status === "partial" && html`<${Badge} tone="warn">${t("admin.partial")}<//>`}</div>
    ${isAnswer ? html`<${Answer} message=${message} />` : html`<p class="asked" dir="auto">${message.content}</p>`}
    ${message.feedback && html`<${Rating} feedback=${message.feedback} />`}
  </li>`;
}

function Answer({ message }) {
  const isOpen = useSignal(false);
  const sources = useRef(null);
  const turn = useMemo(() => ({ text: signal(message.content), sources: signal(message.sources) }), [message]);
  const toggled = (event) => {
    isOpen.value = event.currentTarget.open;
  };
  const show = (number) => {
    isOpen.value = true;
    requestAnimationFrame(() => sources.current?.querySelectorAll("li")[number - 1]?.focus());
  };
  return html`<${Prose} turn=${turn} onCite=${show} />
    ${message.sources.length > 0 && html`<details ref=${sources} class="passages" open=${isOpen.value} onToggle=${toggled}>
      <summary>${t("admin.passages", { count: message.sources.length })}</summary>
      <ol>${message.sources.map((each, index) => html`<li key=${index} tabindex="-1">
        <bdi>${sourceName(each)}</bdi><blockquote dir="auto">${each.content}</blockquote></li>`)}</ol>
    </details>`}`;
}

/** @param {{feedback: {rating: "up" | "down", comment: string, timestamp: number}}} props */
function Rating({ feedback }) {
  const { rating, comment, timestamp } = feedback;
  return html`<div class="rating"><${RatingBadge} rating=${rating} /><${Time} class="fine" at=${timestamp} />
    ${comment && html`<blockquote dir="auto">${comment}</blockquote>`}</div>`;
}

/** @param {{rating: "up" | "down"}} props */
export function RatingBadge({ rating }) {
  return html`<${Badge} tone=${rating === "up" ? "good" : "bad"} icon=${`thumb_${rating}`}>${t(`feedback.${rating}`)}<//>`;
}
