// Delivery: an upload is sent until it has arrived. What passes by itself is waited for, under the same key, so that
// what arrived although its answer was lost does not arrive twice.
import { Problem } from "../problem.js";
import { growing, pause } from "./pause.js";
import { send } from "./sending.js";

const MOST_ATTEMPTS = 6;
const LONGEST_PAUSE = 30;
// The service's disk is full, or it has stumbled: that does not pass in seconds.
const PASSES_SOON = new Set([0, 429, 502, 503, 504]);

/**
 * Throws Problem, an AbortError when it was cancelled, and UnreadableFiles.
 * @param {import("./upload.js").Upload} upload
 * @returns {Promise<any>} the job
 */
export async function deliver(upload) {
  for (let attempt = 1; ; attempt += 1) {
    upload.stage.value = "sending";
    upload.share.value = 0;
    try {
      return await send(upload);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (problem.status === 0) await checkFiles(upload);
      if (!mayTryAgain(problem, attempt)) throw problem;
      await rest(upload, problem, attempt);
    }
  }
}

/** Files that have been changed, moved or deleted since they were picked: the browser does not send them. */
export class UnreadableFiles extends Error {
  /** @param {import("./upload.js").Item[]} items */
  constructor(items) {
    super("files cannot be read");
    this.items = items;
  }
}

async function checkFiles(upload) {
  const unreadable = [];
  for (const item of upload.items.value) if (!(await canRead(item.file))) unreadable.push(item);
  if (unreadable.length) throw new UnreadableFiles(unreadable);
}

async function canRead(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

function mayTryAgain(problem, attempt) {
  if (!PASSES_SOON.has(problem.status)) return false;
  return attempt < MOST_ATTEMPTS || problem.code === "offline" || problem.status === 429;
}

async function rest(upload, problem, attempt) {
  const seconds = problem.retryAfter ?? growing(attempt + 1, LONGEST_PAUSE);
  upload.problem.value = problem;
  upload.resumesAt.value = Date.now() / 1000 + seconds;
  upload.stage.value = "paused";
  await pause(seconds, upload.control.signal);
  upload.problem.value = null;
}
