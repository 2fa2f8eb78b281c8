// What those hear who do not see the uploads: that they began, now and then how far they are, and how they ended.
import { effect, untracked } from "@preact/signals";
import { notify, say } from "../components/notices.js";
import { t } from "../i18n/language.js";
import { place } from "../routing.js";
import { goesOn } from "./upload.js";
import { tally } from "./upload_progress.js";
import { uploadsHere } from "./uploads.js";

// Whoever listens to something else is not interrupted all the time.
const QUIET_MS = 20_000;

let before = { isGoing: false, isStuck: false };
let saidAt = 0;

/** Begin to tell. */
export function announceUploads() {
  effect(() => {
    const now = { isGoing: uploadsHere.value.some(goesOn), isStuck: uploadsHere.value.some(isStuck) };
    const { files, done, trouble } = tally.value;
    // What is said is a signal too.
    untracked(() => tell(news(before, now, { files, done, trouble })));
    before = now;
  });
}

function isStuck(upload) {
  return upload.isLost.value || upload.stage.value === "unsent" || upload.stage.value === "paused";
}

function news(former, now, { files, done, trouble }) {
  if (now.isStuck && !former.isStuck) return t("documents.say.stuck");
  if (!now.isStuck && former.isStuck && now.isGoing) return t("documents.say.back");
  if (now.isGoing && !former.isGoing) return t("documents.say.begun", { count: files });
  if (!now.isGoing && former.isGoing && files) return ending(done, trouble);
  return now.isGoing && Date.now() - saidAt > QUIET_MS ? t("documents.tally", { done, files }) : "";
}

function ending(done, trouble) {
  const alas = trouble > 0 ? ` ${t("documents.tally_trouble", { count: trouble })}` : "";
  const words = t("documents.say.done", { count: done }) + alas;
  // Whoever has gone elsewhere meanwhile wants to see it too; a notice is spoken by itself.
  if (place.peek()[0] === "documents") return words;
  notify(words);
  return "";
}

function tell(words) {
  if (!words) return;
  saidAt = Date.now();
  say(words);
}
