// The uploads of this page: they go on whichever view one looks at.
import { computed, effect, signal } from "@preact/signals";
import { caller } from "../account/caller.js";
import { client } from "../account/clients.js";
import { forgetJob } from "./remembered_jobs.js";
import { endedWell, goesOn, outcomesOf } from "./upload.js";

/** All of them, the first that was added first. */
export const uploads = signal([]);

/** The key of a client that an upload has made, {clientId, key}; it is told once. */
export const newKey = signal(null);

/** Those that go to the client one looks at. */
export const uploadsHere = computed(() => uploads.value.filter((each) => each.target.clientId.value === client.value));

/** How many files go elsewhere meanwhile. */
export const filesElsewhere = computed(() => {
  const others = uploads.value.filter((each) => each.target.clientId.value !== client.value && goesOn(each));
  return others.reduce((sum, each) => sum + each.items.value.length, 0);
});

/** @param {import("./upload.js").Upload[]} more */
export function append(...more) {
  uploads.value = [...uploads.value, ...more];
}

/**
 * @param {import("./upload.js").Upload} upload
 * @param {import("./upload.js").Upload[]} others what stands in its place from now on
 */
export function replace(upload, others) {
  uploads.value = uploads.value.flatMap((each) => (each === upload ? others : [each]));
}

/**
 * Take a file out of an upload that has not been sent yet.
 * @param {import("./upload.js").Upload} upload
 * @param {number} index
 */
export function takeOut(upload, index) {
  upload.items.value = upload.items.value.filter((_, at) => at !== index);
  if (!upload.items.value.length) replace(upload, []);
}

/**
 * Show a file no longer that has ended.
 * @param {import("./upload.js").Upload} upload
 * @param {number} index
 */
export function hide(upload, index) {
  upload.hidden.value = new Set([...upload.hidden.value, index]);
  if (!goesOn(upload) && upload.hidden.value.size === upload.items.value.length) clear(upload);
}

/** Show no longer what has ended without anything that somebody should know. */
export function clearDone() {
  const isDone = (upload) => !goesOn(upload) && outcomesOf(upload).every(endedWell);
  for (const upload of uploadsHere.value.filter(isDone)) clear(upload);
}

/** Show no longer what has ended. */
export function clearEnded() {
  for (const upload of uploadsHere.value.filter((each) => !goesOn(each))) clear(upload);
}

function clear(upload) {
  if (upload.job.value) forgetJob(upload.target.clientId.value, upload.job.value.job_id);
  replace(upload, []);
}

// What one caller sends is nothing that the next one at this browser may see.
let sender = null;
effect(() => {
  if (caller.value === null) return;
  const { key_id: keyId, client_id: clientId } = caller.value;
  const who = `${keyId}/${clientId}`;
  if (sender !== null && who !== sender) {
    for (const upload of uploads.peek()) upload.control.abort();
    uploads.value = [];
    newKey.value = null;
  }
  sender = who;
});

// Files that have not been sent are lost with the page.
window.addEventListener("beforeunload", (event) => {
  if (uploads.peek().some((each) => goesOn(each) && each.stage.peek() !== "working")) event.preventDefault();
});
