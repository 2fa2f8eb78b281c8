// Namesakes: files that would take the place of a document. Nobody's document is replaced without his knowing.
import { signal } from "@preact/signals";
import { Button } from "../components/button.js";
import { Dialog } from "../components/dialog.js";
import { html } from "../html.js";
import { t } from "../i18n/language.js";
import { namesOf } from "./library.js";
import { isOnItsWay, outcomesOf } from "./upload.js";
import { uploads } from "./uploads.js";

const MOST_SHOWN = 8;
const asked = signal(null);

/**
 * Those of the files that are to be sent, after asking about the ones whose name is taken. Throws Problem.
 * @param {import("./picked_files.js").Picked[]} picked
 * @param {import("./target.js").Target} target
 * @returns {Promise<import("./picked_files.js").Picked[]>}
 */
export async function settled(picked, target) {
  const { first, twins } = byName(picked);
  const taken = await takenNames(target);
  const namesakes = first.filter((each) => taken.has(each.name));
  if (!namesakes.length && !twins.length) return picked;
  const isReplacing = await ask({ namesakes, twins });
  if (isReplacing === null) return [];
  return isReplacing ? first : first.filter((each) => !taken.has(each.name));
}

/** Stands once in the view. */
export function NamesakeQuestion() {
  if (asked.value === null) return null;
  const { namesakes, twins, answer } = asked.value;
  const button = (kind, words, is) => html`<${Button} kind=${kind} onClick=${() => answer(is)}>${words}<//>`;
  const foot = html`${button("plain", t("documents.namesakes.none"), null)}
    ${namesakes.length > 0 && button("plain", t("documents.namesakes.skip"), false)}
    ${button("main", namesakes.length ? t("documents.namesakes.replace") : t("documents.namesakes.go_on"), true)}`;
  return html`<${Dialog} title=${t("documents.namesakes.title")} onClose=${() => answer(null)} foot=${foot}>
    <${Names} intro="documents.namesakes.text" files=${namesakes} />
    ${namesakes.length > 0 && html`<p class="fine">${t("documents.namesakes.what")}</p>`}
    <${Names} intro="documents.namesakes.twins" files=${twins} />
  <//>`;
}

function Names({ intro, files }) {
  if (!files.length) return null;
  const more = files.length - MOST_SHOWN;
  return html`<p>${t(intro, { count: files.length })}</p>
    <ul class="file-names">
      ${files.slice(0, MOST_SHOWN).map(({ name }, n) => html`<li key=${n}><bdi>${name}</bdi></li>`)}
      ${more > 0 && html`<li class="muted">${t("documents.and_more", { count: more })}</li>`}
    </ul>`;
}

function ask(question) {
  return new Promise((resolve) => {
    asked.value = { ...question, answer: (is) => ((asked.value = null), resolve(is)) };
  });
}

/** Two files of one name in one go: the second would replace the first. */
function byName(picked) {
  const first = new Map();
  const twins = [];
  for (const each of picked) {
    if (first.has(each.name)) twins.push(each);
    else first.set(each.name, each);
  }
  return { first: [...first.values()], twins };
}

async function takenNames(target) {
  const clientId = target.clientId.value;
  const others = uploads.value.filter((each) => each.target.clientId.value === clientId);
  const onTheirWay = others.flatMap(outcomesOf).filter(isOnItsWay);
  const stored = clientId === null ? new Set() : await namesOf(clientId);
  return new Set([...stored, ...onTheirWay.map((each) => each.filename)]);
}
