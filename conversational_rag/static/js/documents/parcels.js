// Parcels: files that go together in one request, as many as the service takes at once. Where a proxy before it takes
// less, it says so and the parcel is halved.
import { caller } from "../account/caller.js";

// What goes again when the line breaks should not be all of it.
const MOST_BYTES = 48 * 1024 * 1024;

/**
 * @template {{file: File}} Item
 * @param {Item[]} items
 * @returns {Item[][]} in the same order; a file larger than a parcel goes by itself
 */
export function packed(items) {
  const parcels = [];
  const { max_files: mostFiles, max_request_bytes: room } = caller.value.uploads;
  const mostBytes = Math.min(MOST_BYTES, room * 0.9);
  let bytes = 0;
  for (const item of items) {
    const isFull = !parcels.length || parcels.at(-1).length === mostFiles || bytes + item.file.size > mostBytes;
    if (isFull) {
      parcels.push([]);
      bytes = 0;
    }
    parcels.at(-1).push(item);
    bytes += item.file.size;
  }
  return parcels;
}

/**
 * @template Item
 * @param {Item[]} items two or more
 * @returns {[Item[], Item[]]}
 */
export function halves(items) {
  const middle = Math.ceil(items.length / 2);
  return [items.slice(0, middle), items.slice(middle)];
}

/**
 * @param {import("../problem.js").Problem} problem
 * @returns {boolean} whether less at once would be taken
 */
export function isTooMuch(problem) {
  return problem.code === "request_too_large" || problem.errors.some((each) => each.field === "body.files");
}
