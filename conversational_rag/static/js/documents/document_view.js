// One document: what is known of it, and the text that was read from it.
import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { documentsVersion } from "../account/clients.js";
import { get } from "../api.js";
import { Button, ButtonLink } from "../components/button.js";
import { Icon } from "../components/icon.js";
import { ProblemNote, Skeleton } from "../components/states.js";
import { html } from "../html.js";
import { moment, number, size } from "../i18n/format.js";
import { t } from "../i18n/language.js";
import { addressOf, goTo } from "../routing.js";
import { PageReader } from "./page_reader.js";
import { reasonOf } from "./reason.js";
import { remove } from "./receipt.js";
import { replaceWithFile } from "./replacing.js";
import { StatusBadge } from "./status_badge.js";
import { isOnItsWay } from "./upload.js";

const LOOK_AGAIN_MS = 3000;
const HAS_TEXT = new Set(["ready", "partial"]);

/** @param {{documentId: string, place: string | undefined}} props `place`: see PageReader */
export function DocumentView({ documentId, place }) {
  const { document, error, load } = useDocument(documentId);
  return html`<div class="view document-view">
    <div>
      <${ButtonLink} kind="quiet" class="way-back" icon="back" href=${addressOf("documents")}>
        ${t("documents.all")}
      <//>
    </div>
    ${error && html`<${ProblemNote} error=${error} onRetry=${load} />`}
    ${!document && !error && html`<${Skeleton} lines=${6} />`}
    ${document && html`<${Head} document=${document} /><${Facts} document=${document} />`}
    ${document && html`<${Verdict} document=${document} />`}
    ${HAS_TEXT.has(document?.status) && html`<${PageReader} document=${document} place=${place} />`}
  </div>`;
}

/** Loaded anew whenever documents come or go, and while it is on its way. */
function useDocument(documentId) {
  const document = useSignal(null);
  const error = useSignal(null);
  const load = async () => {
    try {
      document.value = await get(`/documents/${encodeURIComponent(documentId)}`);
      error.value = null;
    } catch (problem) {
      error.value = problem;
      if (problem.status === 404) document.value = null;
    }
  };
  useSignalEffect(() => {
    documentsVersion.value;
    load();
  });
  const isWaiting = document.value !== null && isOnItsWay(document.value);
  useEffect(() => {
    if (!isWaiting) return undefined;
    const timer = setInterval(load, LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [isWaiting]);
  return { document: document.value, error: error.value, load };
}

function Head({ document }) {
  const heading = useRef(null);
  useEffect(() => heading.current.focus({ preventScroll: true }), []);
  const press = async () => (await remove(document)) && goTo("documents");
  return html`<header class="view-head">
    <h1 ref=${heading} tabindex="-1" class="file-name"><bdi>${document.filename}</bdi></h1>
    <div class="row">
      <${Button} icon="replace" onClick=${() => replaceWithFile(document)}>${t("documents.new_version")}<//>
      <${Button} icon="trash" onClick=${press}>${t("delete")}<//>
    </div>
  </header>`;
}

function Facts({ document }) {
  const { kind, bytes, pages, characters, chunks, created_at: at, verdict } = document;
  const facts = [
    ["documents.state", html`<${StatusBadge} of=${document} />`],
    kind && ["documents.file_kind", html`<span dir="ltr">${kind.toUpperCase()}</span>`],
    ["documents.size", size(bytes)],
    pages !== null && ["documents.pages", number(pages)],
    characters > 0 && ["documents.characters", number(characters)],
    chunks > 0 && ["documents.passages", number(chunks)],
    verdict?.encoding && ["documents.encoding", html`<span dir="ltr">${verdict.encoding}</span>`],
    ["documents.added", moment(at)],
  ].filter(Boolean);
  const fact = ([name, value]) => html`<div key=${name}><dt>${t(name)}</dt><dd>${value}</dd></div>`;
  return html`<dl class="facts card">${facts.map(fact)}</dl>`;
}

/** What its owner should know: why it cannot be found, or not all of it, and what was noted when it was read. */
function Verdict({ document }) {
  if (isOnItsWay(document)) return html`<p class="muted" role="status">${t("documents.not_yet")}</p>`;
  const sentences = [reasonOf(document), ...(document.verdict?.notes ?? [])].filter(Boolean);
  if (!sentences.length) return null;
  const tone = document.status === "failed" ? "bad" : "warn";
  return html`<section class=${`obstacle ${tone}`} aria-label=${t("documents.verdict")}>
    <${Icon} name="warning" />
    <div>${sentences.map((each, n) => html`<p key=${n} dir="auto">${each}</p>`)}</div>
  </section>`;
}
