// Doing something again and again while somebody looks.
import { useEffect, useRef } from "preact/hooks";

/**
 * A page that nobody sees rests; when it is seen again, it acts at once.
 * @param {number} seconds
 * @param {() => void} act
 */
export function useEvery(seconds, act) {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    let timer = null;
    const begin = () => {
      timer = setInterval(() => latest.current(), seconds * 1000);
    };
    const follow = () => {
      clearInterval(timer);
      if (document.hidden) return;
      latest.current();
      begin();
    };
    if (!document.hidden) begin();
    document.addEventListener("visibilitychange", follow);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", follow);
    };
  }, [seconds]);
}
