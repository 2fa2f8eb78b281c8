// An upload: files that are sent in one request and become one job of the service.
import { signal } from "@preact/signals";

/**
 * @typedef {"waiting" | "sending" | "paused" | "working" | "ended" | "unsent" | "refused" | "cancelled"} Stage
 *   paused: goes on by itself; unsent: can be sent again; refused: never will be taken as it is
 * @typedef {{name: string, size: number, file: File | null}} Item `file` is null after the page was loaded anew
 * @typedef {object} Outcome
 * @property {string} filename
 * @property {string} status the service's, or the stage
 * @property {string | null} document_id
 * @property {number | null} pages
 * @property {number} chunks
 * @property {string | null} error
 * @property {string | null} code
 * @typedef {object} Upload
 * @property {string} key its Idempotency-Key: sent again, it is the same upload
 * @property {import("./target.js").Target} target
 * @property {{client_id?: string} | null} sentTo what the first attempt said of the client, and the others too
 * @property {import("@preact/signals").Signal<Item[]>} items
 * @property {import("@preact/signals").Signal<Stage>} stage
 * @property {import("@preact/signals").Signal<number>} share of it that has been sent, 0 to 1
 * @property {import("@preact/signals").Signal<any>} job as the service tells it
 * @property {import("@preact/signals").Signal<import("../problem.js").Problem | null>} problem
 * @property {import("@preact/signals").Signal<number>} resumesAt Unix seconds, while it is paused
 * @property {import("@preact/signals").Signal<boolean>} isLost the connection that tells how far the job is
 * @property {import("@preact/signals").Signal<Set<number>>} hidden files that somebody has seen enough of, by index
 * @property {boolean} isUnwanted it is to be cancelled as soon as it has arrived
 * @property {AbortController} control
 */

const GOES_ON = new Set(["waiting", "sending", "paused", "working"]);
const ENDED_WELL = new Set(["ready", "unchanged"]);
const ON_ITS_WAY = new Set(["waiting", "sending", "paused", "queued", "parsing", "embedding"]);

/** @param {import("./target.js").Target} target @param {Item[]} items @returns {Upload} */
export function newUpload(target, items) {
  return {
    key: newKey(),
    target,
    sentTo: null,
    items: signal(items),
    stage: signal("waiting"),
    share: signal(0),
    job: signal(null),
    problem: signal(null),
    resumesAt: signal(0),
    isLost: signal(false),
    hidden: signal(new Set()),
    isUnwanted: false,
    control: new AbortController(),
  };
}

/**
 * One that is under way already, as after a reload.
 * @param {import("./target.js").Target} target
 * @param {any} job
 * @returns {Upload}
 */
export function uploadOf(target, job) {
  const upload = newUpload(target, job.documents.map((each) => ({ name: each.filename, size: 0, file: null })));
  upload.job.value = job;
  upload.share.value = 1;
  upload.stage.value = job.finished ? "ended" : "working";
  return upload;
}

/** @param {Upload} upload @returns {boolean} whether something still happens to it by itself */
export function goesOn(upload) {
  return GOES_ON.has(upload.stage.value);
}

/** @param {{status: string}} outcome @returns {boolean} */
export const endedWell = (outcome) => ENDED_WELL.has(outcome.status);

/** @param {{status: string}} outcome @returns {boolean} */
export const isOnItsWay = (outcome) => ON_ITS_WAY.has(outcome.status);

/**
 * What became of each file, or how far it is: as the service tells it, before that in the words of the upload's stage.
 * @param {Upload} upload
 * @returns {Outcome[]} in the order of its files
 */
export function outcomesOf(upload) {
  const told = upload.job.value?.documents ?? upload.problem.value?.body?.documents;
  if (told?.length) return told;
  const problem = upload.stage.value === "refused" || upload.stage.value === "unsent" ? upload.problem.value : null;
  return upload.items.value.map((item) => ({
    filename: item.name,
    status: upload.stage.value,
    document_id: null,
    pages: null,
    chunks: 0,
    error: problem?.detail || null,
    code: problem?.code ?? null,
  }));
}

/** @param {Upload} upload @returns {number} bytes */
export function sizeOf(upload) {
  return upload.items.value.reduce((sum, item) => sum + item.size, 0);
}

/** Not randomUUID, which browsers offer to encrypted pages alone. */
function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
