// Routing: the place in the page, which stands in the address's fragment (#/chat/SESSION, #/documents, #/admin/usage).
import { signal } from "@preact/signals";

/** The parts of the place, decoded: ["chat", "SESSION"]. */
export const place = signal(read());

window.addEventListener("hashchange", () => {
  place.value = read();
});

/**
 * @param {...string} parts
 * @returns {string} an address for a link
 */
export function addressOf(...parts) {
  return "#/" + parts.map(encodeURIComponent).join("/");
}

/**
 * @param {...string} parts where to go
 */
export function goTo(...parts) {
  location.hash = addressOf(...parts);
}

/**
 * Correct the address without a step in the history, as for a conversation that has just got its name.
 * @param {...string} parts
 */
export function settleAt(...parts) {
  history.replaceState(null, "", addressOf(...parts));
  place.value = read();
}

function read() {
  const parts = location.hash.replace(/^#\/?/, "").split("/").filter(Boolean);
  return parts.length ? parts.map(decode) : ["chat"];
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
