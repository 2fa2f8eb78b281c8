// Upload rows: the files of the uploads one looks at, each with what became of it.
import { computed } from "@preact/signals";
import { endedWell, goesOn, isOnItsWay, outcomesOf } from "./upload.js";
import { uploadsHere } from "./uploads.js";

// What is wrong with the file itself does not change when it is sent again.
const ITS_OWN_FAULT = new Set([
  "unreadable_file", "encrypted_file", "empty_file", "no_text_found", "unsupported_file", "file_too_large",
  "file_unreadable_here", "parsing_limit", "bad_input", "superseded",
]);

/**
 * @typedef {object} Row
 * @property {string} key
 * @property {import("./upload.js").Upload} upload
 * @property {number} index
 * @property {any} outcome
 */

/** @type {import("@preact/signals").ReadonlySignal<Row[]>} those that were hidden left out */
export const rows = computed(() => uploadsHere.value.flatMap(rowsOf));

function rowsOf(upload) {
  const hidden = upload.hidden.value;
  return outcomesOf(upload)
    .map((outcome, index) => ({ key: `${upload.key}/${index}`, upload, index, outcome }))
    .filter((row) => !hidden.has(row.index));
}

/** @param {Row} row @returns {boolean} whether somebody should know of it */
export function isTroubled({ outcome }) {
  return !endedWell(outcome) && !isOnItsWay(outcome);
}

/** @param {Row} row @returns {boolean} whether sending it again may help */
export function canRepeat({ upload, index, outcome }) {
  const isLeft = outcome.status === "failed" || outcome.status === "cancelled" || outcome.status === "refused";
  return isLeft && !goesOn(upload) && Boolean(upload.items.value[index]?.file) && !ITS_OWN_FAULT.has(outcome.code);
}

/**
 * Those that are shown where there is no room for all: trouble first, then what is under way.
 * @param {Row[]} all
 * @param {number} most
 * @returns {Row[]}
 */
export function foremost(all, most) {
  if (all.length <= most) return all;
  const ranks = [isTroubled, isAtHand, (row) => isOnItsWay(row.outcome), () => true];
  const rank = (row) => ranks.findIndex((is) => is(row));
  return all.toSorted((one, other) => rank(one) - rank(other)).slice(0, most);
}

function isAtHand({ outcome }) {
  return outcome.status === "parsing" || outcome.status === "embedding";
}
