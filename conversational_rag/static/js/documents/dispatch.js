// Dispatch: files become uploads, which go out one after another.
import { Problem } from "../problem.js";
import { deliver, UnreadableFiles } from "./delivery.js";
import { begin, cancelJob } from "./jobs.js";
import { halves, isTooMuch, packed } from "./parcels.js";
import { currentTarget, named } from "./target.js";
import { goesOn, newUpload } from "./upload.js";
import { append, clearDone, hide, replace, uploads } from "./uploads.js";

let isSending = false;

/**
 * @param {import("./picked_files.js").Picked[]} picked
 * @param {import("./target.js").Target} [target]
 */
export function send(picked, target = currentTarget()) {
  const [bad, good] = [picked.filter((each) => each.isUnreadable), picked.filter((each) => !each.isUnreadable)];
  clearDone();
  append(...packed(good).map((parcel) => newUpload(target, parcel.map(itemOf))));
  if (bad.length) append(unreadable(target, bad.map(itemOf)));
  sendAll();
}

/** Send what did not arrive; under the same key, so that it cannot arrive twice. */
export function sendAgain() {
  for (const upload of uploads.value.filter((each) => each.stage.value === "unsent")) {
    upload.problem.value = null;
    upload.control = new AbortController();
    upload.stage.value = "waiting";
  }
  sendAll();
}

/**
 * Send a file anew that arrived, and was not stored.
 * @param {import("./upload.js").Upload} upload
 * @param {number} index
 */
export function repeat(upload, index) {
  const { name, file } = upload.items.value[index];
  hide(upload, index);
  send([{ name, file, isUnreadable: false }], upload.target);
}

/** Throws Problem. @param {import("./upload.js").Upload} upload */
export async function cancel(upload) {
  const { stage, share, control } = upload;
  if (stage.value === "working") await cancelJob(upload);
  // All of it has gone: it may have been taken already, so that only its job can be cancelled.
  else if (stage.value === "sending" && share.value === 1) upload.isUnwanted = true;
  else if (goesOn(upload)) {
    control.abort();
    stage.value = "cancelled";
  }
}

async function sendAll() {
  if (isSending) return;
  isSending = true;
  try {
    for (let next = firstWaiting(); next; next = firstWaiting()) await sendOne(next);
  } finally {
    isSending = false;
  }
}

/** Behind one that did not arrive, and may yet make the client, the others of that client wait. */
function firstWaiting() {
  const isUnmade = ({ stage, target }) => stage.value === "unsent" && target.clientId.value === null;
  const stuck = new Set(uploads.value.filter(isUnmade).map((each) => each.target));
  return uploads.value.find(({ stage, target }) => stage.value === "waiting" && !stuck.has(target));
}

async function sendOne(upload) {
  upload.sentTo ??= named(upload.target.clientId.value);
  try {
    begin(upload, await deliver(upload));
  } catch (error) {
    if (error.name === "AbortError") upload.stage.value = "cancelled";
    else if (error instanceof UnreadableFiles) setAside(upload, error.items);
    else if (!(error instanceof Problem)) throw error;
    else if (isTooMuch(error) && upload.items.value.length > 1) divide(upload);
    else end(upload, error);
  }
}

function divide(upload) {
  replace(upload, halves(upload.items.value).map((half) => newUpload(upload.target, half)));
}

function setAside(upload, bad) {
  const good = upload.items.value.filter((item) => !bad.includes(item));
  replace(upload, [...(good.length ? [newUpload(upload.target, good)] : []), unreadable(upload.target, bad)]);
}

function unreadable(target, items) {
  const upload = newUpload(target, items);
  end(upload, new Problem("file_unreadable_here", { status: 422 }));
  return upload;
}

function end(upload, problem) {
  upload.problem.value = problem;
  // A sign-in that has ended can be renewed as well.
  upload.stage.value = problem.isPassing || problem.status === 401 ? "unsent" : "refused";
}

function itemOf({ name, file }) {
  return { name, file, size: file.size };
}
