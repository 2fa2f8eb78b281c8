// A turn: one question, and what becomes of it.
import { signal } from "@preact/signals";

let made = 0;

/**
 * @typedef {"asking" | "writing" | "waiting" | "done" | "stopped" | "failed"} TurnState
 *   asking: sent, nothing said yet; waiting: the connection is lost and comes back by itself; stopped: broken off, by
 *   the user or long ago; failed: see `error`
 */
export class Turn {
  /** @param {string} question */
  constructor(question) {
    made += 1;
    this.key = made;
    this.question = question;
    this.askedAt = Date.now() / 1000;
    /** The session that the service put it in, as soon as that is known. @type {string | null} */
    this.sessionId = null;
    /** What was said so far; only what shows it follows it, not the list. */
    this.text = signal("");
    /** @type {import("@preact/signals").Signal<TurnState>} */
    this.state = signal("asking");
    this.sources = signal([]);
    /** The whole answer's other words: model, degraded, cached, message_id, feedback, retryAt (Unix seconds). */
    this.answer = signal(null);
    this.error = signal(null);
  }

  /** Whether something is still to come. */
  get isOpen() {
    return ["asking", "writing", "waiting"].includes(this.state.value);
  }

  /** Begin again from nothing, before the same question is sent once more. */
  reset() {
    this.text.value = "";
    this.sources.value = [];
    this.answer.value = null;
    this.error.value = null;
    this.state.value = "asking";
  }

  /** @param {any} answer the whole answer as the service gives it */
  finish(answer) {
    const seconds = answer.retry_after ?? null;
    this.text.value = answer.response;
    this.sources.value = answer.sources;
    this.answer.value = {
      model: answer.model,
      degraded: answer.degraded,
      cached: answer.cached ?? false,
      messageId: answer.message_id ?? null,
      feedback: null,
      retryAt: seconds === null ? null : Date.now() / 1000 + seconds,
    };
    this.state.value = "done";
  }

  /** @param {any} message a stored answer, as the session tells it */
  restore(message) {
    this.text.value = message.content;
    this.sources.value = message.sources;
    this.answer.value = {
      model: message.model,
      degraded: message.degraded,
      cached: false,
      messageId: message.id,
      feedback: message.feedback ?? null,
      retryAt: null,
    };
    this.state.value = message.status === "partial" ? "stopped" : "done";
  }
}

/**
 * The turns that stored messages make; a question that was never answered is a turn without an answer.
 * @param {any[]} messages oldest first
 * @returns {Turn[]}
 */
export function turnsOf(messages) {
  const turns = [];
  for (const message of messages) {
    if (message.role === "user") {
      const turn = new Turn(message.content);
      turn.askedAt = message.timestamp;
      turn.state.value = "stopped";
      turns.push(turn);
    } else {
      const last = turns.at(-1);
      const turn = last && last.answer.value === null ? last : new Turn("");
      if (turn !== last) turns.push(turn);
      turn.restore(message);
    }
  }
  return turns;
}
