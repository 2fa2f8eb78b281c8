// Pause: waiting until it is worth trying again.

/**
 * Ends after so many seconds, at once when the browser is online again, and with an AbortError when `signal` says so.
 * @param {number} seconds
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 */
export function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const end = (settle) => {
      clearTimeout(timer);
      window.removeEventListener("online", back);
      signal?.removeEventListener("abort", stop);
      settle();
    };
    const back = () => end(resolve);
    const stop = () => end(() => reject(signal.reason));
    const timer = setTimeout(back, seconds * 1000);
    window.addEventListener("online", back);
    signal?.addEventListener("abort", stop);
    if (signal?.aborted) stop();
  });
}

/**
 * @param {number} attempt counted from 1
 * @param {number} most seconds
 * @returns {number} seconds, twice as many each time
 */
export function growing(attempt, most) {
  return Math.min(2 ** (attempt - 1), most);
}
