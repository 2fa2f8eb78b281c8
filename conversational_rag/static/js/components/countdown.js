// Countdown: the time that is left, second by second.
import { useEffect, useState } from "preact/hooks";
import { html } from "../html.js";
import { duration } from "../i18n/format.js";

/**
 * @param {{until: number, children: (left: string) => any, after: any}} props `until` in Unix seconds; then `after` is
 *   shown
 */
export function Countdown({ until, children, after }) {
  const [now, setNow] = useState(Date.now() / 1000);
  const isOver = now >= until;
  useEffect(() => {
    if (isOver) return undefined;
    const timer = setInterval(() => setNow(Date.now() / 1000), 1000);
    return () => clearInterval(timer);
  }, [until, isOver]);
  return isOver ? after : html`<span role="timer">${children(duration(until - now))}</span>`;
}
