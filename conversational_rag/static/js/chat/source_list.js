// The sources under an answer: those it cites, and the others that it was made from.
import { html } from "../html.js";
import { Icon } from "../components/icon.js";
import { number as shownNumber } from "../i18n/format.js";
import { t } from "../i18n/language.js";
import { placeName } from "./source_name.js";

/** @param {{turn: import("./turn.js").Turn, onCite: (turn: any, source: number, from: HTMLElement) => void}} props */
export function SourceList({ turn, onCite }) {
  const all = turn.sources.value.map((source, index) => ({ source, number: index + 1 }));
  // Of an answer that was broken off nobody has told yet what it cites.
  const isCited = ({ source, number }) => source.cited ?? turn.text.value.includes(`[${number}]`);
  const cited = all.filter(isCited);
  const others = all.filter((each) => !isCited(each));
  if (!all.length) return null;
  const list = (members) => html`<ol class="source-cards">${members.map((each) => html`<${Card}
    key=${each.number} ...${each} onOpen=${(from) => onCite(turn, each.number, from)} />`)}</ol>`;
  return html`<div role="group" class="source-list" aria-label=${t("chat.sources")}>
    ${cited.length > 0 && list(cited)}
    ${others.length > 0 && html`<details><summary>
      ${t(cited.length ? "chat.others" : "chat.read", { count: others.length })}</summary>${list(others)}</details>`}
  </div>`;
}

function Card({ source, number, onOpen }) {
  const place = placeName(source);
  const isDoubtful = source.verified === false;
  return html`<li><button type="button" class="source-card" data-source=${number}
    onClick=${(event) => onOpen(event.currentTarget)}>
    <span class="cite-number">${shownNumber(number)}</span><span class="source-words"><bdi>${source.filename}</bdi>
      ${place && html`<small><bdi>${place}</bdi></small>`}</span>
    ${isDoubtful && html`<span class="doubt" title=${t("chat.unverified")}><${Icon} name="warning" />
      <span class="unseen">${t("chat.unverified")}</span></span>`}
  </button></li>`;
}
