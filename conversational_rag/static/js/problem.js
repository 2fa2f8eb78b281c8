// Problem: whatever went wrong with a request, in one shape.
import { t, knows } from "./i18n/language.js";

// What the service tells of them is for whoever runs it.
const MODEL = new Set(
  ["model_error", "model_gone", "model_unreachable", "over_capacity", "bad_generation", "rate_limited"],
);

/**
 * @typedef {object} More
 * @property {string} [detail]
 * @property {number} [status]
 * @property {number | null} [retryAfter] seconds
 * @property {string} [requestId]
 * @property {{field: string, message: string}[]} [errors]
 * @property {any} [body]
 */

/** An error that can be shown; `code` is the service's, or `offline`, `timeout`, `broken_off` for the connection. */
export class Problem extends Error {
  /**
   * @param {string} code stable, snake_case
   * @param {More} [more]
   */
  constructor(code, more = {}) {
    super(more.detail ?? code);
    this.name = "Problem";
    this.code = code;
    this.detail = more.detail ?? "";
    this.status = more.status ?? 0;
    this.retryAfter = more.retryAfter ?? null;
    this.requestId = more.requestId ?? "";
    this.errors = more.errors ?? [];
    this.body = more.body ?? null;
  }

  /** Whether sending the same thing again may help. */
  get isPassing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/**
 * A problem document of the service (RFC 9457), as an answer or as the data of an `error` event.
 * @param {any} body
 * @param {number} [status]
 * @param {number | null} [retryAfter] seconds
 * @returns {Problem}
 */
export function problemOf(body, status = 0, retryAfter = null) {
  const known = body && typeof body === "object" ? body : {};
  return new Problem(known.code ?? "internal_error", {
    detail: known.detail,
    status: known.status ?? status,
    retryAfter: known.retry_after ?? retryAfter,
    requestId: known.request_id,
    errors: known.errors,
    body: known,
  });
}

/**
 * What to tell the user: a sentence in his language where there is one, else the service's own.
 * @param {unknown} error
 * @returns {string}
 */
export function describe(error) {
  if (!(error instanceof Problem)) return t("problem.unexpected");
  if (MODEL.has(error.code)) return t("problem.model");
  if (knows(`problem.${error.code}`)) return t(`problem.${error.code}`, { seconds: Math.ceil(error.retryAfter ?? 5) });
  const fields = error.errors.map((each) => `${each.field.replace(/^(body|query|path)\./, "")}: ${each.message}`);
  return [error.detail || t("problem.unexpected"), ...fields].join(" ");
}
