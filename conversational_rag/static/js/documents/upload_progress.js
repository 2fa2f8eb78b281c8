// Upload progress: how far all the uploads one looks at are, in numbers.
import { computed } from "@preact/signals";
import { endedWell, isOnItsWay, outcomesOf, sizeOf } from "./upload.js";
import { uploadsHere } from "./uploads.js";

const NOT_YET_SENT = new Set(["waiting", "sending", "paused"]);

/** {sent, size} in bytes; null when nothing is to be sent. */
export const sendingProgress = computed(() => {
  const all = uploadsHere.value.filter((each) => each.items.value.some((item) => item.file));
  if (!all.some((each) => NOT_YET_SENT.has(each.stage.value))) return null;
  const counted = all.filter((each) => NOT_YET_SENT.has(each.stage.value) || each.job.value);
  return {
    sent: counted.reduce((sum, each) => sum + (each.job.value ? 1 : each.share.value) * sizeOf(each), 0),
    size: counted.reduce((sum, each) => sum + sizeOf(each), 0),
  };
});

/** {share, filesDone, files, secondsLeft} of what the service works on; null when it works on nothing. */
export const workingProgress = computed(() => {
  const working = uploadsHere.value.filter((each) => each.stage.value === "working");
  if (!working.length) return null;
  const jobs = working.map((each) => each.job.value);
  const files = sum(jobs, (job) => job.files);
  const secondsLeft = jobs.every((job) => job.seconds_left !== null) ? sum(jobs, (job) => job.seconds_left) : null;
  return { share: sum(jobs, doneOf) / files, filesDone: sum(jobs, (job) => job.files_done), files, secondsLeft };
});

/** {files, done, trouble}: how many there are, can be searched, and have something wrong. */
export const tally = computed(() => {
  const outcomes = uploadsHere.value.flatMap(outcomesOf);
  const done = outcomes.filter((each) => endedWell(each) || each.status === "partial").length;
  const trouble = outcomes.filter((each) => !endedWell(each) && !isOnItsWay(each)).length;
  return { files: outcomes.length, done, trouble };
});

/** Files that are done, and what is done of the one at hand. */
function doneOf(job) {
  const ended = sum(job.documents.filter((each) => !isOnItsWay(each)), (each) => each.chunks);
  const [done, all] = [job.chunks_done - ended, job.chunks - ended];
  return job.files_done + (all > 0 ? Math.min(Math.max(done / all, 0), 1) : 0);
}

function sum(list, value) {
  return list.reduce((total, each) => total + value(each), 0);
}
