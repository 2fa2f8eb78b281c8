// The list of documents.
import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { client, documentsVersion } from "../account/clients.js";
import { Button } from "../components/button.js";
import { EmptyState, ProblemNote, Skeleton } from "../components/states.js";
import { Table } from "../components/table.js";
import { html } from "../html.js";
import { number } from "../i18n/format.js";
import { t } from "../i18n/language.js";
import { library, libraryProblem, load, loadAll, loadMore } from "./library.js";
import { libraryColumns } from "./library_columns.js";
import { EVERYTHING, Filter, isFiltering, matching } from "./library_filter.js";
import { isOnItsWay } from "./upload.js";

const LOOK_AGAIN_MS = 5000;
// A small library is seen at a glance.
const WORTH_FILTERING = 5;
const STEP = 100;

/** Nothing where there are none. */
export function LibraryList() {
  useSignalEffect(() => {
    client.value;
    documentsVersion.value;
    load();
  });
  useLookingAgain();
  const { clientId, total } = library.value;
  const problem = libraryProblem.value && html`<${ProblemNote} error=${libraryProblem.value} onRetry=${load} />`;
  if (clientId !== client.value) return problem ?? html`<${Skeleton} lines=${6} />`;
  return html`${problem}${total > 0 && html`<${List} key=${clientId} />`}`;
}

/** Some may be on their way without an upload of this page, as another browser's: look until they are there. */
function useLookingAgain() {
  const isWaiting = library.value.documents.some(isOnItsWay);
  useEffect(() => {
    if (!isWaiting) return undefined;
    const timer = setInterval(() => !document.hidden && load(), LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [isWaiting]);
}

function List() {
  const wanted = useSignal(EVERYTHING);
  const most = useSignal(STEP);
  const { documents, total, cursor } = library.value;
  const isWhole = !isFiltering(wanted.value);
  useEffect(() => {
    // A name can only be found among those that are here.
    if (!isWhole && cursor !== null) loadAll();
  }, [isWhole, cursor]);
  const want = (change) => {
    wanted.value = change;
    most.value = STEP;
  };
  const found = documents.filter(matching(wanted.value));
  return html`<section class="stack" aria-labelledby="library-title">
    <div class="library-head">
      <h2 id="library-title">${t("documents.library")} <span class="count">${number(total)}</span></h2>
      ${total > WORTH_FILTERING && html`<${Filter} wanted=${wanted.value} onWant=${want} />`}
    </div>
    ${!isWhole && html`<${Found} count=${found.length} />`}
    ${found.length > 0 && html`<${Rows} documents=${found.slice(0, most.value)} />`}
    ${!found.length && cursor === null && html`<${NothingFound} onClear=${() => want(EVERYTHING)} />`}
    <${More} found=${found.length} most=${most} isWhole=${isWhole} />
  </section>`;
}

function Found({ count }) {
  const { documents, total, cursor } = library.value;
  const looking = t("documents.looking", { part: documents.length, whole: total });
  return html`<p class="fine" role="status">${cursor === null ? t("documents.found", { count }) : looking}</p>`;
}

function Rows({ documents }) {
  const caption = t("documents.library");
  return html`<div class="library">
    <${Table} caption=${caption} columns=${libraryColumns()} rows=${documents} rowKey=${(each) => each.id} />
  </div>`;
}

function NothingFound({ onClear }) {
  return html`<${EmptyState} icon="search" title=${t("documents.none_found")}>
    <${Button} onClick=${onClear}>${t("documents.show_all")}<//>
  <//>`;
}

function More({ found, most, isWhole }) {
  const { total, cursor } = library.value;
  if (found <= most.value && (cursor === null || !isWhole)) return null;
  const show = () => {
    most.value += STEP;
    if (found < most.value && cursor !== null) loadMore(STEP);
  };
  const of = { part: number(Math.min(found, most.value)), whole: number(isWhole ? total : found) };
  return html`<div class="row">
    <${Button} onClick=${show}>${t("more")}<//><span class="fine">${t("documents.of", of)}</span>
  </div>`;
}
