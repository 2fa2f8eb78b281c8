// The list of conversations: found, searched, renamed, deleted.
import { effect, signal } from "@preact/signals";
import { caller } from "../account/caller.js";
import { client, ofClient } from "../account/clients.js";
import { get, patch, remove } from "../api.js";

const PAGE = 50;
const DEBOUNCE_MS = 250;

/** What is looked for. */
export const query = signal("");

/** The list as far as it is known; `sessions` null: not yet. */
export const found = signal({ sessions: null, total: 0, error: null });

let latest = null;

/** Look again from the top, as after an answer; as many as are shown now. */
export async function refreshSessions() {
  await load(0, Math.min(1000, Math.max(PAGE, found.value.sessions?.length ?? 0)));
}

/** The next ones. */
export async function loadMore() {
  await load(found.value.sessions?.length ?? 0, PAGE);
}

/** @param {string} sessionId @param {string | null} title null: the automatic one. Throws Problem. */
export async function rename(sessionId, title) {
  const renamed = await patch(`/sessions/${encodeURIComponent(sessionId)}`, { title });
  const sessions = found.value.sessions?.map((each) => (each.session_id === sessionId ? renamed : each)) ?? null;
  found.value = { ...found.value, sessions };
}

/** @param {string} sessionId Throws Problem. */
export async function erase(sessionId) {
  await remove(`/sessions/${encodeURIComponent(sessionId)}`);
  const sessions = found.value.sessions?.filter((each) => each.session_id !== sessionId) ?? null;
  found.value = { ...found.value, sessions, total: Math.max(0, found.value.total - 1) };
}

async function load(offset, limit) {
  latest?.abort();
  if (!caller.value || client.value === null) {
    found.value = { sessions: [], total: 0, error: null };
    return;
  }
  const mine = new AbortController();
  latest = mine;
  try {
    const page = await get("/sessions", { ...ofClient(), q: query.value.trim(), limit, offset }, mine.signal);
    if (latest !== mine) return;
    const before = offset ? found.value.sessions : [];
    const known = new Set(before.map((each) => each.session_id));
    const sessions = [...before, ...page.sessions.filter((each) => !known.has(each.session_id))];
    found.value = { sessions, total: page.total, error: null };
  } catch (error) {
    if (latest === mine && error.name !== "AbortError") found.value = { ...found.value, error };
  }
}

// Another client's conversations are other ones; what is typed is looked for when the typing rests.
let timer;
let asked = "";
effect(() => {
  const text = query.value;
  client.value;
  caller.value;
  clearTimeout(timer);
  timer = setTimeout(refreshSessions, text === asked ? 0 : DEBOUNCE_MS);
  asked = text;
});
