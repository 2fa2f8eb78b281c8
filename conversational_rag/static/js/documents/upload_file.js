// A file of an upload: its name, what became of it and why, and what can be done about it.
import { IconButton } from "../components/button.js";
import { html } from "../html.js";
import { t } from "../i18n/language.js";
import { addressOf } from "../routing.js";
import { repeat } from "./dispatch.js";
import { focusHeading } from "./heading.js";
import { reasonOf } from "./reason.js";
import { StatusBadge } from "./status_badge.js";
import { goesOn } from "./upload.js";
import { canRepeat } from "./upload_rows.js";
import { hide, takeOut } from "./uploads.js";

const CAN_BE_READ = new Set(["ready", "partial", "unchanged"]);

/** @param {{row: import("./upload_rows.js").Row}} props */
export function UploadFile({ row }) {
  const { outcome } = row;
  // Of what was not sent the whole upload tells why.
  const reason = outcome.status === "unsent" ? "" : reasonOf(outcome);
  return html`<li class="upload-row">
    <div class="upload-file">
      <p class="file-name"><${Name} outcome=${outcome} /></p>
      ${reason && html`<p class="fine" dir="auto">${reason}</p>`}
    </div>
    <${StatusBadge} of=${outcome} /><${Action} row=${row} />
  </li>`;
}

function Name({ outcome }) {
  const { filename, status, document_id: documentId } = outcome;
  const name = html`<bdi>${filename}</bdi>`;
  const canBeRead = documentId && CAN_BE_READ.has(status);
  return canBeRead ? html`<a href=${addressOf("documents", documentId)}>${name}</a>` : name;
}

function Action({ row }) {
  const { upload, index, outcome } = row;
  const name = outcome.filename;
  const going = (act) => (event) => {
    moveFocus(event.currentTarget);
    act(upload, index);
  };
  const button = (icon, label, onClick) =>
    html`<${IconButton} class="small" icon=${icon} label=${label} onClick=${onClick} />`;
  if (upload.stage.value === "waiting") return button("close", t("documents.take_out", { name }), going(takeOut));
  if (canRepeat(row)) return button("again", t("documents.repeat", { name }), going(repeat));
  if (!goesOn(upload)) return button("close", t("documents.hide", { name }), going(hide));
  return html`<span></span>`;
}

/** The row goes with its button: whoever works with the keyboard goes on at the next one. */
function moveFocus(button) {
  const row = button.closest("li");
  const next = (row.nextElementSibling ?? row.previousElementSibling)?.querySelector("button");
  if (next) next.focus();
  else focusHeading();
}
