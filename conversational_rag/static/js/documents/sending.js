// Sending: one request with files. XMLHttpRequest, since fetch does not tell how much of a body has gone.
import { address, authorization, isStranger } from "../api.js";
import { Problem, problemOf } from "../problem.js";

const SILENCE_MS = 60_000;
// The service writes large files to its disk before it answers.
const ANSWER_MS = 180_000;

/**
 * Send an upload's files once. Throws Problem; an AbortError when `upload.control` ended it.
 * @param {import("./upload.js").Upload} upload
 * @returns {Promise<any>} the job
 */
export function send(upload) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const silence = new Silence(() => request.abort());
    const fail = (error) => reject(upload.control.signal.aborted ? upload.control.signal.reason : error);
    request.upload.onprogress = ({ loaded, total }) => {
      upload.share.value = total ? loaded / total : 1;
      silence.broken(loaded === total ? ANSWER_MS : SILENCE_MS);
    };
    request.onload = () => (request.status === 202 ? resolve(request.response) : fail(refusal(request)));
    request.onerror = () => fail(new Problem(navigator.onLine ? "unreachable" : "offline"));
    request.onabort = () => fail(new Problem("timeout"));
    request.onloadend = () => silence.end();
    upload.control.signal.addEventListener("abort", () => request.abort(), { once: true });
    request.open("POST", address("/ingest/", { background: true }));
    request.responseType = "json";
    const headers = { ...authorization(), "Idempotency-Key": upload.key };
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.send(formOf(upload));
    silence.broken(SILENCE_MS);
  });
}

function formOf(upload) {
  const form = new FormData();
  for (const [name, value] of Object.entries(upload.sentTo)) form.append(name, value);
  for (const item of upload.items.value) form.append("files", item.file, item.name);
  return form;
}

function refusal(request) {
  if (request.status === 401) isStranger.value = true;
  return problemOf(request.response, request.status, Number(request.getResponseHeader("Retry-After")) || null);
}

/** Ends what has been silent for too long. */
class Silence {
  #timer;
  #onTooLong;

  constructor(onTooLong) {
    this.#onTooLong = onTooLong;
  }

  broken(patienceMs) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onTooLong, patienceMs);
  }

  end() {
    clearTimeout(this.#timer);
  }
}
