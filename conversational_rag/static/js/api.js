// The only way to the service: a request is answered in time, or becomes a Problem.
import { signal } from "@preact/signals";
import { Problem, problemOf } from "./problem.js";

const PATIENCE_MS = 30_000;
const BASE = "/api/v1";

/** Turns true when the service asks for a key; the shell shows the sign-in then. */
export const isStranger = signal(false);

let key = "";

/**
 * Send a key with every request instead of the browser's cookie, as the widget does.
 * @param {string} text
 */
export function useKey(text) {
  key = text;
}

/**
 * What a request of your own must carry, as an upload by XMLHttpRequest.
 * @returns {Record<string, string>}
 */
export function authorization() {
  return key ? { Authorization: `Bearer ${key}` } : {};
}

/**
 * @param {string} path below /api/v1, as "/documents"
 * @param {Record<string, unknown>} [query] null, undefined and "" are left out
 * @returns {string}
 */
export function address(path, query = {}) {
  const wanted = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const text = new URLSearchParams(wanted.map(([name, value]) => [name, String(value)])).toString();
  return BASE + path + (text ? `?${text}` : "");
}

/**
 * @typedef {object} Options
 * @property {Record<string, unknown>} [query]
 * @property {unknown} [body] sent as JSON
 * @property {Record<string, string>} [headers]
 * @property {AbortSignal} [signal] ends the request; its AbortError is thrown as it is
 * @property {number} [patienceMs] until the answer's head has come
 */

/**
 * The answer of a request that went well. Throws Problem; an AbortError when `signal` ended it.
 * @param {string} method
 * @param {string} path
 * @param {Options} [options]
 * @returns {Promise<Response>}
 */
export async function request(method, path, options = {}) {
  const hasBody = options.body !== undefined;
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), options.patienceMs ?? PATIENCE_MS);
  const signals = options.signal ? [options.signal, patience.signal] : [patience.signal];
  try {
    const response = await fetch(address(path, options.query), {
      method,
      headers: { ...authorization(), ...(hasBody && { "Content-Type": "application/json" }), ...options.headers },
      body: hasBody ? JSON.stringify(options.body) : undefined,
      credentials: key ? "omit" : "same-origin",
      signal: AbortSignal.any(signals),
    });
    if (!response.ok) throw await refusal(response, path);
    return response;
  } catch (error) {
    throw translated(error, options.signal, patience.signal);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The same, as JSON.
 * @param {string} method
 * @param {string} path
 * @param {Options} [options]
 * @returns {Promise<any>}
 */
export async function call(method, path, options = {}) {
  const response = await request(method, path, options);
  try {
    return await response.json();
  } catch (error) {
    throw translated(error, options.signal);
  }
}

/**
 * @param {string} path
 * @param {Record<string, unknown>} [query]
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export const get = (path, query, signal) => call("GET", path, { query, signal });

/** @param {string} path @param {unknown} body @param {Record<string, unknown>} [query] @returns {Promise<any>} */
export const post = (path, body, query) => call("POST", path, { body, query });

/** @param {string} path @param {unknown} body @param {Record<string, unknown>} [query] @returns {Promise<any>} */
export const patch = (path, body, query) => call("PATCH", path, { body, query });

/** @param {string} path @param {unknown} body @param {Record<string, unknown>} [query] @returns {Promise<any>} */
export const put = (path, body, query) => call("PUT", path, { body, query });

/** @param {string} path @param {Record<string, unknown>} [query] @returns {Promise<any>} */
export const remove = (path, query) => call("DELETE", path, { query });

/**
 * @param {Response} response
 * @param {string} path
 * @returns {Promise<Problem>}
 */
async function refusal(response, path) {
  const body = await response.json().catch(() => null);
  const seconds = Number(response.headers.get("Retry-After"));
  // A wrong key at the sign-in is that view's own matter.
  if (response.status === 401 && path !== "/auth/sign-in") isStranger.value = true;
  return problemOf(body, response.status, seconds || null);
}

function translated(error, asked, patience) {
  if (error instanceof Problem || asked?.aborted) return error;
  if (patience?.aborted) return new Problem("timeout");
  return new Problem(navigator.onLine ? "unreachable" : "offline");
}
