// What this browser remembers between visits. Where storage is switched off the page works, and forgets.

const PREFIX = "crag.";
const OF_THE_PAGE = new Set(["language", "theme"]);

/**
 * @param {string} name
 * @returns {any} what was remembered, null for nothing
 */
export function recall(name) {
  try {
    const text = localStorage.getItem(PREFIX + name);
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * @param {string} name
 * @param {any} value null forgets it
 */
export function remember(name, value) {
  try {
    if (value === null) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // Full, or switched off: nothing that anybody asked for is lost by it.
  }
}

/** Forget what belongs to whoever used the page; its language and colours stay. */
export function forgetUser() {
  try {
    const names = Object.keys(localStorage).filter((name) => name.startsWith(PREFIX));
    for (const name of names) if (!OF_THE_PAGE.has(name.slice(PREFIX.length))) localStorage.removeItem(name);
  } catch {
    // Where nothing is stored, nothing is left.
  }
}

/**
 * Words that are read before the page's modules (see early.js) are stored as they are.
 * @param {string} name
 * @param {string | null} word
 */
export function rememberWord(name, word) {
  try {
    if (word === null) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, word);
  } catch {
    // As above.
  }
}
