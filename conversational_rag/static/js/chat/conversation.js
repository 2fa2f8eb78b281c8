// A conversation: its turns, and the question under way. It goes on while one looks at another view.
import { computed, signal } from "@preact/signals";
import { get } from "../api.js";
import { say } from "../components/notices.js";
import { t } from "../i18n/language.js";
import { ask } from "./asking.js";
import { Turn, turnsOf } from "./turn.js";

const MOST_AT_ONCE = 1000;
let made = 0;

export class Conversation {
  #stop = null;

  /**
   * @param {string | null} sessionId null: it gets its name with the first answer
   * @param {{ofClient?: () => object, named?: (conversation: Conversation) => void, answered?: () => void}} [links]
   *   `ofClient` says whose documents are asked; the others are told when it got its name, and when an answer has ended
   */
  constructor(sessionId, links = {}) {
    made += 1;
    this.key = made;
    this.links = links;
    this.id = signal(sessionId);
    /** @type {import("@preact/signals").Signal<Turn[]>} */
    this.turns = signal([]);
    this.title = signal("");
    /** "unread": not loaded yet, "loading", "ready", or "failed" with `error`. */
    this.state = signal(sessionId === null ? "ready" : "unread");
    this.error = signal(null);
    this.isBusy = computed(() => this.turns.value.some((turn) => turn.isOpen));
  }

  /** Read what is stored of it. */
  async load() {
    if (this.state.value === "loading") return;
    this.state.value = "loading";
    const path = `/sessions/${encodeURIComponent(this.id.value)}`;
    try {
      const info = await get(`${path}/info`);
      const messages = [];
      let page;
      do {
        page = await get(`${path}/messages`, { limit: MOST_AT_ONCE, offset: messages.length });
        messages.push(...page);
      } while (page.length === MOST_AT_ONCE);
      this.clientId = info.client_id;
      this.title.value = info.title ?? "";
      this.turns.value = turnsOf(messages);
      this.state.value = "ready";
    } catch (error) {
      this.error.value = error;
      this.state.value = "failed";
    }
  }

  /** @param {string} message */
  async ask(message) {
    if (this.isBusy.value) return;
    const turn = new Turn(message);
    this.turns.value = [...this.turns.value, turn];
    await this.#run(turn);
  }

  /**
   * Ask a turn's question again: in its place when nothing was said, since then nothing of it is stored, else as a new
   * turn.
   * @param {Turn} turn
   */
  async retry(turn) {
    if (this.isBusy.value) return;
    if (turn.text.value || this.turns.value.at(-1) !== turn) return this.ask(turn.question);
    turn.reset();
    return this.#run(turn);
  }

  /** What was said so far stays. */
  stop() {
    this.#stop?.abort();
  }

  async #run(turn) {
    this.#stop = new AbortController();
    say(t("chat.say.asking"));
    const session = this.id.value === null ? {} : { session_id: this.id.value };
    const body = { message: turn.question, ...this.links.ofClient?.(), ...session };
    await ask(turn, body, this.#stop.signal, (sessionId) => this.#name(sessionId));
    say(t(`chat.say.${turn.state.value}`));
    this.links.answered?.();
  }

  #name(sessionId) {
    if (this.id.value === sessionId) return;
    this.id.value = sessionId;
    this.links.named?.(this);
  }
}
