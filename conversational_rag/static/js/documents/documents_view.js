// The documents of a client: adding some, watching them arrive, and the list of what is there.
import { untracked, useSignalEffect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { client } from "../account/clients.js";
import { Icon } from "../components/icon.js";
import { notifyProblem } from "../components/notices.js";
import { html } from "../html.js";
import { t } from "../i18n/language.js";
import { take, waiting } from "../shell/dropped_files.js";
import { isTouched } from "../shell/screen.js";
import { FilePickers } from "./file_pickers.js";
import { Held, takeIn } from "./intake.js";
import { findAgain } from "./jobs.js";
import { library } from "./library.js";
import { LibraryList } from "./library_list.js";
import { UploadsPanel } from "./uploads_panel.js";
import { uploadsHere } from "./uploads.js";
import { WebPageButton } from "./web_page.js";

/** @param {{cameFrom: string | null}} props `cameFrom`: the document one has just looked at */
export function DocumentsView({ cameFrom }) {
  useSignalEffect(() => {
    if (waiting.value.length) untracked(() => takeIn(take()));
  });
  useSignalEffect(() => {
    const clientId = client.value;
    if (clientId !== null) untracked(() => findAgain(clientId).catch(notifyProblem));
  });
  useEffect(() => {
    if (cameFrom) (document.getElementById(`row-${cameFrom}`) ?? document.querySelector(".view h1")).focus();
  }, []);
  const hasNone = client.value === null || (library.value.clientId === client.value && library.value.total === 0);
  const isEmpty = hasNone && !uploadsHere.value.length;
  return html`<div class="view documents">
    <header class="view-head">
      <h1 tabindex="-1">${t("view.documents")}</h1>
      ${!isEmpty && html`<div class="row"><${FilePickers}><${WebPageButton} /><//></div>`}
    </header>
    ${isEmpty ? html`<${Invitation} />` : html`<${DropHint} />`}
    <${Held} /><${UploadsPanel} />
    <${LibraryList} />
  </div>`;
}

function DropHint() {
  return !isTouched.value && html`<p class="muted drop-hint">${t("documents.drop_hint")}</p>`;
}

function Invitation() {
  return html`<section class="invitation"><div class="empty-icon"><${Icon} name="upload" /></div>
    <h2>${t("documents.invitation")}</h2><p class="muted">${t("documents.invitation_text")}</p>
    <div class="empty-actions"><${FilePickers}><${WebPageButton} /><//></div>
    <p class="fine">${t("documents.kinds")}</p></section>`;
}

