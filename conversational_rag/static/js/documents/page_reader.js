// The text of a document, a page at a time: what questions are answered from.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { get } from "../api.js";
import { Button } from "../components/button.js";
import { ProblemNote, Skeleton } from "../components/states.js";
import { html } from "../html.js";
import { number } from "../i18n/format.js";
import { t } from "../i18n/language.js";
import { settleAt } from "../routing.js";
import { PageTurning } from "./page_turning.js";

// A text file is one page, whatever its length: so much of it is shown at first, and at each further step.
const CHARACTERS = 60_000;

/** @param {{document: any, place: string | undefined}} props `place`: which page, counted from 1 as they are read */
export function PageReader({ document, place }) {
  const index = Math.max(0, (Number.parseInt(place, 10) || 1) - 1);
  const { content, error, load } = usePage(document.id, index);
  const head = useRef(null);
  const turn = (to) => {
    settleAt("documents", document.id, String(to + 1));
    head.current.scrollIntoView({ block: "nearest" });
  };
  const total = content?.total ?? 0;
  const turning = (label) =>
    total > 1 && html`<${PageTurning} index=${index} total=${total} onTurn=${turn} label=${label} />`;
  return html`<section class="page-reader" aria-labelledby="text-title">
    <header ref=${head} class="page-head">
      <h2 id="text-title">${t("documents.text")}</h2>${turning(t("documents.turn"))}
    </header>
    ${error && html`<${ProblemNote} error=${error} onRetry=${load} />`}
    ${!content && !error && html`<${Skeleton} lines=${5} />`}
    ${content && !error && html`<${Page} key=${content.index} ...${content} />`}
    <footer class="page-foot">${turning(t("documents.turn_foot"))}</footer>
  </section>`;
}

/** The page as it was loaded last, {page, total, index}: while the next one comes, one can go on reading. */
function usePage(documentId, index) {
  const content = useSignal(null);
  const error = useSignal(null);
  const load = () => {
    const asked = new AbortController();
    const failed = (problem) => {
      if (problem.name !== "AbortError") error.value = problem;
    };
    error.value = null;
    pageAt(documentId, index, asked.signal).then((found) => { content.value = found; }, failed);
    return () => asked.abort();
  };
  useEffect(load, [documentId, index]);
  return { content: content.value, error: error.value, load };
}

function Page({ page, total, index }) {
  if (!page) return html`<p class="muted">${t("documents.no_page")}</p>`;
  const name = page.place ?? (page.number === null ? "" : t("documents.page", { page: page.number }));
  const where = total > 1 ? t("documents.at_page", { page: number(index + 1), total: number(total) }) : "";
  return html`<article class="page" aria-label=${name || t("documents.text")}>
    ${name && html`<p class="page-name"><bdi>${name}</bdi></p>`}
    ${page.text.trim() ? html`<${Text} text=${page.text} />` : html`<p class="muted">${t("documents.blank")}</p>`}
    <p class="unseen" role="status">${where}</p>
  </article>`;
}

function Text({ text }) {
  const most = useSignal(CHARACTERS);
  const left = text.length - most.value;
  const showMore = () => {
    most.value += CHARACTERS;
  };
  const shown = paragraphs(text.slice(0, most.value));
  return html`<div class="page-text">${shown.map((each, n) => html`<p key=${n} dir="auto">${each}</p>`)}</div>
    ${left > 0 &&
    html`<div class="row">
      <${Button} onClick=${showMore}>${t("more")}<//>
      <span class="fine">${t("documents.characters_left", { count: left })}</span>
    </div>`}`;
}

/** Each in its own direction of reading. */
function paragraphs(text) {
  return text.split(/\n{2,}/).filter((each) => each.trim());
}

async function pageAt(documentId, index, signal) {
  const path = `/documents/${encodeURIComponent(documentId)}/content`;
  const found = await get(path, { limit: 1, offset: index }, signal);
  return { page: found.pages[0] ?? null, total: found.total, index };
}
