// Feedback on an answer: a thumb, and some words if one likes.
import { useSignal } from "@preact/signals";
import { put, remove } from "../api.js";
import { Button, IconButton } from "../components/button.js";
import { Field } from "../components/field.js";
import { notify, notifyProblem } from "../components/notices.js";
import { html } from "../html.js";
import { t } from "../i18n/language.js";

/** @param {{turn: import("./turn.js").Turn, sessionId: string}} props */
export function Feedback({ turn, sessionId }) {
  const isWriting = useSignal(false);
  const answer = turn.answer.value;
  const rating = answer.feedback?.rating ?? null;
  const path = `/sessions/${encodeURIComponent(sessionId)}/messages/${answer.messageId}/feedback`;
  const keep = (feedback) => {
    turn.answer.value = { ...turn.answer.value, feedback };
  };
  const rate = async (wanted, comment) => {
    const former = answer.feedback;
    const feedback = wanted && { rating: wanted, comment, timestamp: Date.now() / 1000 };
    // Shown at once: a thumb that hesitates is pressed twice.
    keep(feedback);
    try {
      await (wanted ? put(path, { rating: wanted, comment }) : remove(path));
    } catch (error) {
      keep(former);
      notifyProblem(error);
    }
  };
  const press = (wanted) => {
    isWriting.value = rating !== wanted;
    rate(rating === wanted ? null : wanted, rating === wanted ? "" : (answer.feedback?.comment ?? ""));
  };
  const submit = async (event) => {
    event.preventDefault();
    const comment = new FormData(event.currentTarget).get("comment").trim();
    isWriting.value = false;
    await rate(rating, comment);
    if (turn.answer.value.feedback) notify(t("feedback.thanks"));
  };
  const thumb = (kind) => html`<${IconButton} class="small" icon=${`thumb_${kind}`} label=${t(`feedback.${kind}`)}
    aria-pressed=${rating === kind} onClick=${() => press(kind)} />`;
  return html`${thumb("up")}${thumb("down")}
    ${isWriting.value && rating && html`<form class="feedback-words" onSubmit=${submit}
      onKeyDown=${(event) => event.key === "Escape" && (isWriting.value = false)}>
      <${Field} as="textarea" name="comment" rows="2" maxlength="2000"
        label=${t(rating === "up" ? "feedback.good" : "feedback.bad")} defaultValue=${answer.feedback?.comment} />
      <div class="row"><${Button} class="small" kind="main" type="submit">${t("feedback.send")}<//>
        <${Button} class="small" kind="quiet" onClick=${() => { isWriting.value = false; }}>${t("feedback.skip")}<//>
        </div>
    </form>`}`;
}
