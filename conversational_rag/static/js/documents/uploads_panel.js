// The panel that shows the uploads: how far they are, what stands in their way, and what became of each file.
import { useSignal } from "@preact/signals";
import { Button } from "../components/button.js";
import { notifyProblem } from "../components/notices.js";
import { Progress } from "../components/progress.js";
import { html } from "../html.js";
import { duration, number, size } from "../i18n/format.js";
import { t } from "../i18n/language.js";
import { cancel } from "./dispatch.js";
import { focusHeading } from "./heading.js";
import { Obstacles } from "./obstacles.js";
import { endedWell, goesOn } from "./upload.js";
import { UploadFile } from "./upload_file.js";
import { sendingProgress, tally, workingProgress } from "./upload_progress.js";
import { foremost, rows } from "./upload_rows.js";
import { clearEnded, filesElsewhere, uploadsHere } from "./uploads.js";

const MOST_ROWS = 6;
// Where all went well nobody needs to look.
const MOST_DONE = 3;

/** Nothing where nothing is uploaded. */
export function UploadsPanel() {
  if (!uploadsHere.value.length) return html`<${Elsewhere} />`;
  return html`<section class="card uploads" aria-labelledby="uploads-title">
    <header class="row spread">
      <div><h2 id="uploads-title">${t("documents.uploads")}</h2><${Tally} /></div>
      <${Ending} />
    </header>
    <${Sending} /><${Working} /><${Obstacles} /><${Files} /><${Elsewhere} />
  </section>`;
}

function Files() {
  const isWhole = useSignal(false);
  const all = rows.value;
  const most = all.every(({ outcome }) => endedWell(outcome)) ? MOST_DONE : MOST_ROWS;
  const shown = isWhole.value ? all : foremost(all, most);
  const toggle = () => {
    isWhole.value = !isWhole.value;
  };
  return html`<ul class="upload-rows">${shown.map((row) => html`<${UploadFile} key=${row.key} row=${row} />`)}</ul>
    ${all.length > most &&
    html`<div>
      <${Button} kind="quiet" class="small" aria-expanded=${isWhole.value} onClick=${toggle}>
        ${isWhole.value ? t("documents.fewer") : t("documents.all_files", { count: all.length })}
      <//>
    </div>`}`;
}

function Tally() {
  const { files, done, trouble } = tally.value;
  return html`<p class="muted">
    ${t("documents.tally", { done, files })}
    ${trouble > 0 && html`<span class="trouble"> ${t("documents.tally_trouble", { count: trouble })}</span>`}
  </p>`;
}

function Elsewhere() {
  const count = filesElsewhere.value;
  return count > 0 && html`<p class="fine">${t("documents.elsewhere", { count })}</p>`;
}

/** One button in one place, so that the focus stays where it is when the last file is done. */
function Ending() {
  const going = uploadsHere.value.filter(goesOn);
  const stop = () => going.forEach((upload) => cancel(upload).catch(notifyProblem));
  const clear = () => {
    clearEnded();
    focusHeading();
  };
  const isGoing = going.length > 0;
  return html`<${Button} icon=${isGoing ? "stop" : "check"} onClick=${isGoing ? stop : clear}>
    ${isGoing ? t("documents.cancel") : t("documents.clear")}
  <//>`;
}

function Sending() {
  if (!sendingProgress.value) return null;
  const { sent, size: whole } = sendingProgress.value;
  const text = t("documents.of", { part: size(sent), whole: size(whole) });
  return html`<${Progress} label=${t("documents.sending")} value=${whole ? sent / whole : 1} text=${text} />`;
}

function Working() {
  if (!workingProgress.value) return null;
  const { share, filesDone, files, secondsLeft } = workingProgress.value;
  const count = files > 1 && t("documents.of", { part: number(filesDone), whole: number(files) });
  const text = [count, secondsLeft !== null && timeLeft(secondsLeft)].filter(Boolean).join(" · ");
  return html`<${Progress} label=${t("documents.working")} value=${share} text=${text} />`;
}

function timeLeft(seconds) {
  return seconds < 2 ? t("documents.almost") : t("documents.left", { left: duration(seconds) });
}
