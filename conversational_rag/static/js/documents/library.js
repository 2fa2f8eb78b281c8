// The library: the documents of the client one looks at, as far as they have been loaded.
import { signal } from "@preact/signals";
import { client, forget, isBound } from "../account/clients.js";
import { get } from "../api.js";
import { notifyProblem } from "../components/notices.js";
import { named } from "./target.js";

const FIRST = 50;
const MOST = 1000;
const NOTHING = { clientId: null, documents: [], total: 0, cursor: null };

/** {clientId, documents, total, cursor}; `clientId` tells whose they are, null before any were loaded. */
export const library = signal(NOTHING);

/** Why it could not be loaded, or null. */
export const libraryProblem = signal(null);

let asked = new AbortController();

/** Load it anew, as much of it as is shown already. Never throws. */
export async function load() {
  const clientId = client.peek();
  asked.abort();
  asked = new AbortController();
  const { signal: end } = asked;
  if (clientId === null) {
    library.value = NOTHING;
    libraryProblem.value = null;
    return;
  }
  const shown = library.peek().clientId === clientId ? library.peek().documents.length : 0;
  await attempt(async () => {
    const found = await page(clientId, Math.min(Math.max(shown, FIRST), MOST), null, end);
    library.value = { clientId, ...found };
  });
}

/** Load those behind the last one. Never throws. @param {number} [limit] */
export async function loadMore(limit = FIRST) {
  const { clientId, documents, cursor } = library.value;
  const { signal: end } = asked;
  await attempt(async () => {
    const found = await page(clientId, limit, cursor, end);
    library.value = { clientId, ...found, documents: [...documents, ...found.documents] };
  });
}

/** Load all that is left. */
export async function loadAll() {
  while (library.value.cursor !== null && libraryProblem.value === null) {
    const before = library.value;
    await loadMore(MOST);
    if (library.value === before) return;
  }
}

/** @param {string} documentId one that has just been deleted */
export function leaveOut(documentId) {
  const { documents, total } = library.value;
  library.value = { ...library.value, documents: documents.filter((each) => each.id !== documentId), total: total - 1 };
}

/**
 * Names of documents that are there or on their way. Throws Problem.
 * @param {string} clientId
 * @returns {Promise<Set<string>>}
 */
export async function namesOf(clientId) {
  const names = new Set();
  let cursor = null;
  do {
    const found = await page(clientId, MOST, cursor);
    for (const each of found.documents) if (!["failed", "empty"].includes(each.status)) names.add(each.filename);
    cursor = found.cursor;
  } while (cursor !== null);
  return names;
}

async function page(clientId, limit, cursor, end) {
  const found = await get("/documents", { ...named(clientId), limit, cursor }, end);
  return { documents: found.documents, total: found.total, cursor: found.next_cursor };
}

async function attempt(loading) {
  try {
    await loading();
    libraryProblem.value = null;
  } catch (problem) {
    if (problem.name === "AbortError") return;
    if (problem.code === "client_not_found" && !isBound.value) {
      // It went in another window; the next upload begins a new one.
      notifyProblem(problem);
      forget(client.value);
    } else {
      libraryProblem.value = problem;
    }
  }
}
