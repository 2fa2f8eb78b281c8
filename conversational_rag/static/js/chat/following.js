// Following: the view stays at the end of a growing answer, unless the reader has scrolled away from it.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

const NEAR_PX = 60;

/**
 * @param {any} last the last turn; another one is gone to at once
 * @returns {{scroller: object, isAway: import("@preact/signals").Signal<boolean>, toEnd: () => void}} `scroller` is the
 *   ref of what scrolls
 */
export function useFollowing(last) {
  const scroller = useRef(null);
  const isAway = useSignal(false);
  const toEnd = () => {
    isAway.value = false;
    const frame = scroller.current;
    frame.scrollTop = frame.scrollHeight;
  };
  useEffect(() => {
    const frame = scroller.current;
    let height = frame.scrollHeight;
    const scrolled = () => {
      // Growing is not scrolling: only what the reader does counts.
      if (frame.scrollHeight !== height) return;
      isAway.value = frame.scrollHeight - frame.scrollTop - frame.clientHeight > NEAR_PX;
    };
    const grown = () => {
      if (frame.scrollHeight !== height && !isAway.peek()) frame.scrollTop = frame.scrollHeight;
      height = frame.scrollHeight;
    };
    const watch = new ResizeObserver(grown);
    const observe = () => [frame, ...frame.children].forEach((each) => watch.observe(each));
    const children = new MutationObserver(observe);
    children.observe(frame, { childList: true });
    observe();
    frame.addEventListener("scroll", scrolled, { passive: true });
    return () => {
      watch.disconnect();
      children.disconnect();
      frame.removeEventListener("scroll", scrolled);
    };
  }, []);
  useEffect(() => {
    if (last) toEnd();
  }, [last]);
  return { scroller, isAway, toEnd };
}
