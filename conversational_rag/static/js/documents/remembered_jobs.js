// Jobs that this browser has begun, so that a page that is loaded anew finds them again.
import { recall, remember } from "../storage.js";

const nameOf = (clientId) => `jobs.${clientId}`;

/** @param {string} clientId @returns {string[]} their ids, the first that was begun first */
export function rememberedJobs(clientId) {
  return recall(nameOf(clientId)) ?? [];
}

/** @param {string} clientId @param {string} jobId */
export function rememberJob(clientId, jobId) {
  remember(nameOf(clientId), [...rememberedJobs(clientId).filter((each) => each !== jobId), jobId]);
}

/** @param {string} clientId @param {string} jobId */
export function forgetJob(clientId, jobId) {
  const left = rememberedJobs(clientId).filter((each) => each !== jobId);
  remember(nameOf(clientId), left.length ? left : null);
}
