// The intake: files that were given become uploads, after asking what must be asked.
import { signal } from "@preact/signals";
import { notify } from "../components/notices.js";
import { ProblemNote } from "../components/states.js";
import { html } from "../html.js";
import { t } from "../i18n/language.js";
import { Problem } from "../problem.js";
import { send } from "./dispatch.js";
import { settled } from "./namesakes.js";
import { pick } from "./picked_files.js";
import { currentTarget } from "./target.js";

/** {picked, problem}: files that wait because it could not be found out whether their names are taken. */
const held = signal(null);

/** @param {Iterable<File>} files @returns {Promise<void>} */
export async function takeIn(files) {
  const { picked, leftOut } = pick(files);
  if (leftOut) notify(t("documents.left_out", { count: leftOut }));
  if (picked.length) await sendPicked([...(held.value?.picked ?? []), ...picked]);
}

/** What stands in the way of those that wait. */
export function Held() {
  if (held.value === null) return null;
  const { picked, problem } = held.value;
  return html`<${ProblemNote} error=${problem} onRetry=${() => sendPicked(picked)}>
    <span>${t("documents.held", { count: picked.length })}</span>
  <//>`;
}

async function sendPicked(picked) {
  const target = currentTarget();
  held.value = null;
  try {
    const wanted = await settled(picked, target);
    if (wanted.length) send(wanted, target);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    held.value = { picked, problem };
  }
}
