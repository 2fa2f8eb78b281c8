// Parcels: files that go together in one request. The service takes 50 files and 100 MB at once unless it was told
// otherwise; where it takes less, it says so and the parcel is halved.

const MOST_FILES = 50;
const MOST_BYTES = 48 * 1024 * 1024;

/**
 * @template {{file: File}} Item
 * @param {Item[]} items
 * @returns {Item[][]} in the same order; a file larger than a parcel goes by itself
 */
export function packed(items) {
  const parcels = [];
  let bytes = 0;
  for (const item of items) {
    const isFull = !parcels.length || parcels.at(-1).length === MOST_FILES || bytes + item.file.size > MOST_BYTES;
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
