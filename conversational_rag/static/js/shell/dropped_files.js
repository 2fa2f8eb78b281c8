// Files that were dropped or picked anywhere: they are handed over to the documents view, which uploads them.
import { signal } from "@preact/signals";
import { goTo } from "../routing.js";

/** Those nobody has taken yet. */
export const waiting = signal([]);

/**
 * Hand files over and go where they are taken in.
 * @param {Iterable<File>} files
 */
export function handOver(files) {
  const given = [...files];
  if (!given.length) return;
  waiting.value = [...waiting.value, ...given];
  goTo("documents");
}

/**
 * Take what was handed over; the documents view does, whenever `waiting` holds something.
 * @returns {File[]}
 */
export function take() {
  const taken = waiting.value;
  if (taken.length) waiting.value = [];
  return taken;
}
