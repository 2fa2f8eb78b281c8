// How much room there is, where the layout itself depends on it and not its style alone.
import { signal } from "@preact/signals";

/** A signal that follows a media query. */
function following(query) {
  const media = matchMedia(query);
  const matches = signal(media.matches);
  media.addEventListener("change", () => {
    matches.value = media.matches;
  });
  return matches;
}

/** A third column fits beside the conversation. */
export const isRoomy = following("(min-width: 75rem)");

/** Fingers: Enter on the keyboard of a phone begins a new line. */
export const isTouched = following("(pointer: coarse)");
