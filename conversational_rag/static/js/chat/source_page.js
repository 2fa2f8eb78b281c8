// The page a passage stands on, with the passage marked in it.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { get } from "../api.js";
import { Button } from "../components/button.js";
import { ProblemNote, Skeleton } from "../components/states.js";
import { html } from "../html.js";
import { t } from "../i18n/language.js";
import { joined, markedParts, placeOf } from "./marks.js";
import { placeName } from "./source_name.js";

const AT_ONCE = 100;

/** @param {{source: any, statements: string[]}} props */
export function SourcePage({ source, statements }) {
  const content = useSignal(null);
  const error = useSignal(null);
  const place = useRef(null);
  const load = async (offset) => {
    error.value = null;
    try {
      content.value = offset === null ? await search(source) : await pageAt(source.document_id, offset);
    } catch (problem) {
      error.value = problem;
    }
  };
  useEffect(() => {
    load(null);
  }, []);
  useEffect(() => {
    (place.current?.querySelector("mark") ?? place.current)?.scrollIntoView({ block: "center" });
  }, [content.value]);
  if (error.value) return html`<${ProblemNote} error=${error.value} onRetry=${() => load(null)} />`;
  if (!content.value) return html`<${Skeleton} lines=${6} />`;
  const { page, index, total } = content.value;
  const found = placeOf(page.text, source.content);
  const parts = found ? joined(page.text, [found]) : [{ text: page.text, isMarked: false }];
  return html`<figure class="page-text"><figcaption>
    ${placeName({ page: page.number, place: page.place }) || t("chat.whole_text")}</figcaption>
      <div class="document-words" dir="auto" role="region" tabindex="0" aria-label=${t("chat.whole_text")}>
        ${parts.map((part, n) => (part.isMarked ? html`<span key=${n} ref=${place} class="place">
        ${marked(part.text, statements)}</span>` : part.text))}</div>
    </figure>
    ${total > 1 && html`<div class="row spread"><${Button} kind="quiet" class="small" disabled=${index === 0}
      onClick=${() => load(index - 1)}>${t("chat.page_before")}<//>
      <span class="fine">${t("chat.page_of", { page: index + 1, total })}</span>
      <${Button} kind="quiet" class="small" disabled=${index + 1 >= total} onClick=${() => load(index + 1)}>
        ${t("chat.page_after")}<//></div>`}`;
}

/** With no statement to look for, all of the passage is what is quoted. */
function marked(text, statements) {
  const parts = statements.length ? markedParts(text, statements) : [{ text, isMarked: true }];
  return parts.map((part, n) => (part.isMarked ? html`<mark key=${n}>${part.text}</mark>` : part.text));
}

async function pageAt(documentId, offset, limit = 1) {
  const found = await get(`/documents/${encodeURIComponent(documentId)}/content`, { limit, offset });
  return { page: found.pages[0], pages: found.pages, index: offset, total: found.total };
}

/** The page that its number names; where there are no numbers, the one that holds its words. */
async function search(source) {
  const guess = source.page === null ? 0 : source.page - 1;
  const first = await pageAt(source.document_id, guess);
  if (first.page && isOn(first.page, source)) return first;
  for (let offset = 0; offset < first.total; offset += AT_ONCE) {
    const { pages, total } = await pageAt(source.document_id, offset, AT_ONCE);
    const at = pages.findIndex((page) => isOn(page, source) && placeOf(page.text, source.content));
    if (at !== -1) return { page: pages[at], index: offset + at, total };
  }
  return first.page ? first : pageAt(source.document_id, 0);
}

function isOn(page, source) {
  if (source.page !== null) return page.number === source.page;
  return source.place === null || page.place === source.place ? placeOf(page.text, source.content) !== null : false;
}
