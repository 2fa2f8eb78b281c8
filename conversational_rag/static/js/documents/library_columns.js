// The columns of the list.
import { IconButton } from "../components/button.js";
import { html } from "../html.js";
import { ago, moment, number, size } from "../i18n/format.js";
import { t } from "../i18n/language.js";
import { addressOf } from "../routing.js";
import { reasonOf } from "./reason.js";
import { going, remove } from "./receipt.js";
import { replaceWithFile } from "./replacing.js";
import { StatusBadge } from "./status_badge.js";

/** @returns {import("../components/table.js").Column[]} in the language that is spoken */
export function libraryColumns() {
  return [
    { key: "filename", title: t("documents.name"), isHead: true, cell: name },
    { key: "status", title: t("documents.state"), cell: (document) => html`<${StatusBadge} of=${document} />` },
    { key: "pages", title: t("documents.pages"), isNumber: true, cell: pageCount },
    { key: "bytes", title: t("documents.size"), isNumber: true, cell: ({ bytes }) => size(bytes) },
    { key: "created_at", title: t("documents.added"), cell: time },
    { key: "actions", title: t("documents.actions"), isTitleUnseen: true, cell: actions },
  ];
}

function name(document) {
  const { id, filename } = document;
  const reason = reasonOf(document);
  return html`<div class="file-name">
    <a id=${`row-${id}`} href=${addressOf("documents", id)}><bdi>${filename}</bdi></a>
    ${reason && html`<p class="fine" dir="auto">${reason}</p>`}
  </div>`;
}

function pageCount({ pages }) {
  return pages === null ? html`<span class="nothing">–</span>` : number(pages);
}

function time({ created_at: at }) {
  return html`<time datetime=${new Date(at * 1000).toISOString()} title=${moment(at)}>${ago(at)}</time>`;
}

function actions(document) {
  return html`<${Actions} document=${document} />`;
}

function Actions({ document }) {
  const name = document.filename;
  const isGoing = going.value.has(document.id) || null;
  const removing = isGoing ? undefined : () => remove(document);
  const replacing = () => replaceWithFile(document);
  return html`<div class="row-actions">
    <${IconButton} icon="replace" label=${t("documents.replace", { name })} onClick=${replacing} />
    <${IconButton} icon="trash" label=${t("documents.delete_named", { name })} aria-busy=${isGoing}
      aria-disabled=${isGoing} onClick=${removing} />
  </div>`;
}
