// What a place shows comes from the service: asked for, waited for, and asked for again.
import { batch, useSignal } from "@preact/signals";
import { useCallback, useEffect, useRef } from "preact/hooks";
import { ProblemNote, Skeleton } from "../components/states.js";
import { html } from "../html.js";

/**
 * @template T
 * @typedef {object} FromService
 * @property {import("@preact/signals").Signal<T | null>} data null: nothing has come yet
 * @property {import("@preact/signals").Signal<unknown>} error of the last request; what came before it stays
 * @property {import("@preact/signals").Signal<boolean>} isBusy
 * @property {() => Promise<void>} reload
 */

/**
 * Asks at once, and again when `about` changes; what nobody waits for any more is broken off.
 * @template T
 * @param {(signal: AbortSignal) => Promise<T>} load
 * @param {string} [about] what the request depends on
 * @returns {FromService<T>}
 */
export function useLoaded(load, about = "") {
  const data = useSignal(null);
  const error = useSignal(null);
  const isBusy = useSignal(true);
  const asked = useRef(null);
  const latest = useRef(load);
  latest.current = load;
  const reload = useCallback(async () => {
    asked.current?.abort();
    const mine = new AbortController();
    asked.current = mine;
    isBusy.value = true;
    const [found, problem] = await latest.current(mine.signal).then((answer) => [answer, null], (reason) => [null, reason]);
    if (asked.current !== mine) return;
    batch(() => {
      if (problem === null) data.value = found;
      error.value = problem;
      isBusy.value = false;
    });
  }, []);
  useEffect(() => {
    reload();
    return () => {
      asked.current?.abort();
      asked.current = null;
    };
  }, [about]);
  return { data, error, isBusy, reload };
}

/**
 * Grey lines, a problem, or what came.
 * @param {{from: FromService<any>, lines?: number, children: (data: any) => any}} props
 */
export function Loaded({ from, lines = 4, children }) {
  const { data, error, isBusy, reload } = from;
  const note = error.value !== null && html`<${ProblemNote} error=${error.value} onRetry=${reload} />`;
  if (data.value === null) return note || html`<${Skeleton} lines=${lines} />`;
  return html`${note}<div class="loaded" aria-busy=${isBusy.value}>${children(data.value)}</div>`;
}
