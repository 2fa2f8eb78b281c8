// Before the first question: what can be asked, or, where there is nothing yet, how to put something there.
import { useSignal, useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { may } from "../account/caller.js";
import { askForClient } from "../account/client_switch.js";
import { client, documentsVersion, listClients, ofClient } from "../account/clients.js";
import { get } from "../api.js";
import { Button } from "../components/button.js";
import { Icon } from "../components/icon.js";
import { Skeleton } from "../components/states.js";
import { html } from "../html.js";
import { t } from "../i18n/language.js";
import { addressOf } from "../routing.js";
import { handOver } from "../shell/dropped_files.js";

const SUGGESTED = 4;
const SEARCHABLE = new Set(["ready", "partial"]);

/** @param {{onAsk: (draft: string) => void}} props puts words where one writes */
export function Welcome({ onAsk }) {
  const documents = useSignal(null);
  const hasChoice = useSignal(false);
  useSignalEffect(() => {
    documentsVersion.value;
    if (!may("manage")) return;
    const asked = client.value;
    if (asked === null) {
      documents.value = { documents: [], total: 0 };
      listClients().then((found) => { hasChoice.value = found.length > 0; }, () => {});
      return;
    }
    // Suggestions only: without them one can ask as well.
    get("/documents", { ...ofClient(), limit: 20 })
      .catch(() => ({ documents: [], total: -1 }))
      .then((found) => {
        if (asked === client.peek()) documents.value = found;
      });
  });
  if (!may("manage")) return html`<${Invitation} />`;
  if (documents.value === null) return html`<div class="welcome"><h1 class="unseen">${t("view.chat")}</h1>
    <${Skeleton} lines=${4} /></div>`;
  if (documents.value.total === 0) return html`<${Upload} hasChoice=${client.value === null && hasChoice.value} />`;
  const ready = documents.value.documents.filter((each) => SEARCHABLE.has(each.status));
  return html`<${Invitation} count=${documents.value.total}>
    ${ready.length > 0 && html`<ul class="suggestions">${ready.slice(0, SUGGESTED).map((each, index) => html`<li
      key=${each.id}><${Suggestion} filename=${each.filename} index=${index} onAsk=${onAsk} /></li>`)}</ul>`}
  <//>`;
}

function Invitation({ count = 0, children }) {
  return html`<section class="welcome"><${Quotation} /><h1>${t("welcome.ask")}</h1>
    <p class="muted">${t("welcome.ask_text")}${count > 0 && html` <a href=${addressOf("documents")}>
      ${t("welcome.count", { count })}</a>`}</p>${children}</section>`;
}

function Suggestion({ filename, index, onAsk }) {
  const words = t(`welcome.suggestion${index % 3}`, { name: filename });
  return html`<button type="button" class="suggestion" onClick=${() => onAsk(words)}><${Icon} name="document" /><span>
    ${words}</span></button>`;
}

function Upload({ hasChoice }) {
  const picker = useRef(null);
  return html`<section class="welcome"><${Quotation} /><h1>${t("welcome.upload")}</h1><p class="muted">
    ${t("welcome.upload_text")}</p>
    <button type="button" class="drop-here" data-upload onClick=${() => picker.current.click()}>
      <${Icon} name="upload" /><strong>${t("welcome.drop")}</strong><span>${t("welcome.kinds")}</span></button>
    <input ref=${picker} type="file" multiple hidden tabindex="-1" aria-hidden="true"
      onChange=${(event) => handOver(event.currentTarget.files)} />
    ${hasChoice && html`<${Button} icon="collection" onClick=${askForClient}>${t("welcome.choose")}<//>`}
    <ol class="steps"><li>${t("welcome.step1")}</li><li>${t("welcome.step2")}</li><li>${t("welcome.step3")}</li></ol>
  </section>`;
}

/** Our picture of it all: a line of a document, marked, with its number. */
function Quotation() {
  return html`<svg class="quotation" viewBox="0 0 160 64" aria-hidden="true"><g class="lines">
    <path d="M12 14h104M12 50h84" /></g><path class="stroke" d="M12 32h112" />
    <rect class="number-box" x="132" y="21" width="18" height="18" rx="5" />
    <path class="one" d="M139 27.500l2.500-1.500v8.500" /></svg>`;
}
