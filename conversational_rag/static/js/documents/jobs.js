// Jobs: what an upload is once it has arrived. It goes on without this page, which looks on.
import { signal } from "@preact/signals";
import { choose, client, documentsVersion } from "../account/clients.js";
import { call, get } from "../api.js";
import { notifyProblem } from "../components/notices.js";
import { Problem } from "../problem.js";
import { watch } from "./job_watch.js";
import { forgetJob, rememberJob, rememberedJobs } from "./remembered_jobs.js";
import { currentTarget, named } from "./target.js";
import { endedWell, outcomesOf, uploadOf } from "./upload.js";
import { append, newKey, replace, uploads } from "./uploads.js";

// What is in the midst of being stored is finished first.
const CANCEL_MS = 120_000;

/** It has arrived. @param {import("./upload.js").Upload} upload @param {any} job */
export function begin(upload, job) {
  const { clientId } = upload.target;
  const isMade = clientId.value === null;
  clientId.value ??= job.client_id;
  if (isMade && client.value === null) choose(job.client_id);
  if (job.api_key) newKey.value = { clientId: job.client_id, key: job.api_key };
  upload.job.value = job;
  upload.stage.value = "working";
  rememberJob(clientId.value, job.job_id);
  documentsVersion.value += 1;
  if (upload.isUnwanted) cancelJob(upload).catch(() => {});
  follow(upload);
}

/** One that was begun otherwise, as from a URL. @param {any} job */
export function adopt(job) {
  const upload = uploadOf(currentTarget(), job);
  append(upload);
  begin(upload, job);
}

/** After a reload: those this browser has begun for the client. @param {string} clientId @returns {Promise<void>} */
export async function findAgain(clientId) {
  const isKnown = (jobId) => uploads.value.some((each) => each.job.value?.job_id === jobId);
  for (const jobId of rememberedJobs(clientId).filter((each) => !isKnown(each))) {
    try {
      const job = await get(addressOf(jobId), named(clientId));
      if (isKnown(jobId)) continue;
      const upload = uploadOf({ clientId: signal(clientId) }, job);
      append(upload);
      follow(upload);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      // Jobs are forgotten in time; whatever else is wrong, the list of documents tells.
      if (problem.status === 404) forgetJob(clientId, jobId);
    }
  }
}

/** What can be searched already stays. Throws Problem. @param {import("./upload.js").Upload} upload */
export async function cancelJob(upload) {
  const query = named(upload.target.clientId.value);
  upload.job.value = await call("DELETE", addressOf(upload.job.value.job_id), { query, patienceMs: CANCEL_MS });
}

async function follow(upload) {
  const { job, control, target, stage } = upload;
  const onView = (view) => {
    const isFurther = view.files_done !== job.value.files_done;
    job.value = view;
    if (isFurther) documentsVersion.value += 1;
  };
  const onLost = (isLost) => {
    upload.isLost.value = isLost;
  };
  try {
    await watch(target.clientId.value, job.value.job_id, { onView, onLost, signal: control.signal });
  } catch (error) {
    if (!(error instanceof Problem)) return;
    // The service does not know it any more: it went with its client, or long ago.
    forgetJob(target.clientId.value, job.value.job_id);
    replace(upload, []);
    notifyProblem(error);
  }
  stage.value = "ended";
  documentsVersion.value += 1;
  // What went wrong is shown until somebody has seen it, also after a reload.
  if (outcomesOf(upload).every(endedWell)) forgetJob(target.clientId.value, job.value.job_id);
}

function addressOf(jobId) {
  return `/ingest/jobs/${encodeURIComponent(jobId)}`;
}
