// Watching a job: its events as long as they come, asking now and then where they do not, until it has ended.
import { get, request } from "../api.js";
import { Problem, problemOf } from "../problem.js";
import { events } from "../sse.js";
import { growing, pause } from "./pause.js";
import { named } from "./target.js";

const ASK_SECONDS = 2;
const LONGEST_PAUSE = 20;
// After so many streams that told nothing something between here and there holds them back.
const MOST_SILENT_STREAMS = 2;

// Browsers open six connections to a service; one that is held open is enough.
let isStreamTaken = false;

/**
 * Tells how far the job is until it has ended. Throws Problem when the service does not know it (any more).
 * @param {string} clientId
 * @param {string} jobId
 * @param {{onView: (job: any) => void, onLost: (isLost: boolean) => void, signal: AbortSignal}} ears
 * @returns {Promise<void>}
 */
export async function watch(clientId, jobId, { onView, onLost, signal }) {
  const path = `/ingest/jobs/${encodeURIComponent(jobId)}`;
  let isOver = false;
  let losses = 0;
  let silentStreams = 0;
  const hear = (job) => {
    losses = 0;
    silentStreams = 0;
    onLost(false);
    onView(job);
    isOver = job.finished;
  };
  while (!isOver) {
    try {
      const mayStream = !isStreamTaken && silentStreams < MOST_SILENT_STREAMS;
      if (mayStream) {
        silentStreams += 1;
        await listen(path, named(clientId), hear, signal);
      } else {
        hear(await get(path, named(clientId), signal));
      }
      if (!isOver) await pause(ASK_SECONDS, signal);
    } catch (problem) {
      if (!(problem instanceof Problem) || !problem.isPassing) throw problem;
      losses += 1;
      // Streams do break off; only when it does not come back at once somebody needs to know.
      if (losses > 1) onLost(true);
      await pause(problem.retryAfter ?? growing(losses, LONGEST_PAUSE), signal);
    }
  }
}

async function listen(path, query, hear, signal) {
  isStreamTaken = true;
  try {
    const response = await request("GET", `${path}/events`, { query, signal });
    for await (const { name, data } of events(response)) {
      if (name === "error") throw problemOf(data);
      hear(data);
      if (name === "end") return;
    }
  } finally {
    isStreamTaken = false;
  }
}
