// Asking: one question is sent, its answer read as it comes, and a connection that breaks is taken up again.
import { get, request } from "../api.js";
import { Problem, problemOf } from "../problem.js";
import { events } from "../sse.js";

const WAITS_MS = [1000, 2000, 4000, 8000, 15_000];
// The service says something after 15 seconds at the latest; a proxy before it may sit on that.
const PATIENCE_MS = 60_000;
const LOST = new Set(["broken_off", "offline", "unreachable", "timeout"]);

/**
 * Fill a turn with its answer. Never throws: what goes wrong is the turn's `error` and state.
 * @param {import("./turn.js").Turn} turn
 * @param {{message: string, client_id?: string, session_id?: string}} body
 * @param {AbortSignal} stop
 * @param {(sessionId: string) => void} named told the session's id as soon as it is known
 */
export async function ask(turn, body, stop, named) {
  let wanted = { body, key: newKey() };
  for (let attempt = 0; ; attempt += 1) {
    try {
      await read(turn, wanted, stop, named);
      return undefined;
    } catch (error) {
      // All was said; what the connection does afterwards is of no matter.
      if (turn.state.value === "done") return undefined;
      if (stop.aborted) return end(turn, "stopped");
      if (!LOST.has(error.code) || attempt >= WAITS_MS.length) return end(turn, "failed", error);
    }
    turn.state.value = "waiting";
    await connection(WAITS_MS[attempt], stop);
    if (stop.aborted) return end(turn, "stopped");
    const sessionId = turn.sessionId;
    if (sessionId && !wanted.body.session_id) {
      if (await adopted(turn, sessionId)) return undefined;
      // The key stands for the question as it was sent; with the session's name in it, it is another one.
      wanted = { body: { ...body, session_id: sessionId }, key: newKey() };
    }
  }
}

/** One attempt. With the same key the service gives the answer that it has, or the one that it is just making. */
async function read(turn, wanted, stop, named) {
  const headers = { Accept: "text/event-stream", "Idempotency-Key": wanted.key };
  const options = { body: wanted.body, headers, signal: stop, patienceMs: PATIENCE_MS };
  const response = await request("POST", "/chat/stream", options);
  let pieces = [];
  for await (const { name, data } of events(response)) {
    if (name === "start") {
      turn.reset();
      pieces = [];
      turn.sessionId = data.session_id;
      turn.sources.value = data.sources;
      named(data.session_id);
    } else if (name === "delta") {
      pieces.push(data.text);
      turn.text.value = pieces.join("");
      turn.state.value = "writing";
    } else if (name === "end") {
      turn.finish(data);
    } else if (name === "error") {
      throw problemOf(data);
    }
  }
  if (turn.state.value !== "done") throw new Problem("broken_off");
}

/** Whether the session holds the whole answer already: only the last words were lost on the way. */
async function adopted(turn, sessionId) {
  const messages = await get(`/sessions/${encodeURIComponent(sessionId)}/messages`).catch(() => []);
  const [question, answer] = messages.slice(-2);
  if (answer?.role !== "assistant" || answer.status !== "complete" || question.content !== turn.question) return false;
  turn.restore(answer);
  return true;
}

function end(turn, state, error = null) {
  turn.failedAt = Date.now() / 1000;
  turn.error.value = error;
  turn.state.value = state;
}

/** Wait until it is worth trying again: some time, or as soon as the browser says that it is connected. */
function connection(milliseconds, stop) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      stop.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    window.addEventListener("online", done);
    stop.addEventListener("abort", done);
  });
}

/** A random UUID. crypto.randomUUID is missing where the page comes over plain HTTP from another machine. */
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
