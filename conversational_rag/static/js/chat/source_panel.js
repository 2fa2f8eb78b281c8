// The source panel: the passage that a citation stands for, what of it the answer uses, and its page.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { may } from "../account/caller.js";
import { Badge } from "../components/badge.js";
import { Button, IconButton } from "../components/button.js";
import { Dialog } from "../components/dialog.js";
import { Icon } from "../components/icon.js";
import { html } from "../html.js";
import { number } from "../i18n/format.js";
import { t } from "../i18n/language.js";
import { isRoomy } from "../shell/screen.js";
import { markedParts } from "./marks.js";
import { SourcePage } from "./source_page.js";
import { placeName } from "./source_name.js";

/**
 * Beside the conversation where there is room, else over it.
 * @param {object} props
 * @param {any[]} props.sources
 * @param {{source: number, statements: string[], turn: any}} props.shown which one, and what the answer says of it
 * @param {(source: number) => void} props.onShow
 * @param {() => void} props.onClose
 * @param {boolean} [props.isCompact]
 */
export function SourcePanel({ sources, shown, onShow, onClose, isCompact = false }) {
  const source = sources[shown.source - 1];
  if (!source) return null;
  const content = html`<${Content} key=${`${shown.turn.key}/${shown.source}`} source=${source}
    statements=${shown.statements} isCompact=${isCompact} />`;
  const turning = html`<${Turning} number=${shown.source} count=${sources.length} onShow=${onShow} />`;
  const title = html`<span class="cite-number">${number(shown.source)}</span> <bdi>${source.filename}</bdi>`;
  if (isCompact || !isRoomy.value) return html`<${Dialog} kind="sheet" title=${title} onClose=${onClose}
    foot=${turning}>${content}<//>`;
  return html`<${Aside} title=${title} onClose=${onClose} foot=${turning} shown=${shown}>${content}<//>`;
}

function Aside({ title, onClose, foot, shown, children }) {
  const heading = useRef(null);
  useEffect(() => heading.current.focus(), [shown]);
  return html`<aside class="source-aside" aria-label=${t("chat.passage")}
    onKeyDown=${(event) => event.key === "Escape" && onClose()}>
    <header class="dialog-head"><h2 ref=${heading} tabindex="-1" dir="auto">${title}</h2>
      <${IconButton} icon="close" label=${t("close")} onClick=${onClose} /></header>
    <div class="dialog-body">${children}</div><footer class="dialog-foot">${foot}</footer>
  </aside>`;
}

function Turning({ number, count, onShow }) {
  if (count < 2) return null;
  const to = (wanted) => () => onShow(((wanted - 1 + count) % count) + 1);
  return html`<div class="row spread wide"><${Button} kind="quiet" class="small" onClick=${to(number - 1)}>
    ${t("chat.source_before")}<//>
    <span class="fine">${t("chat.source_of", { number, count })}</span>
      <${Button} kind="quiet" class="small" onClick=${to(number + 1)}>${t("chat.source_after")}<//></div>`;
}

function Content({ source, statements, isCompact }) {
  const isPage = useSignal(false);
  const place = placeName(source);
  const mayRead = may("manage") && !isCompact;
  return html`<div class="source-facts">${place && html`<${Badge} icon="document"><bdi>${place}</bdi><//>`}
    <${Verdict} source=${source} /></div>
    ${statements.length > 0 && html`<div class="statement"><h3>${t("chat.said")}</h3>
      ${statements.map((each, n) => html`<p key=${n} dir="auto">${each}</p>`)}</div>`}
    ${isPage.value ? html`<${SourcePage} source=${source} statements=${statements} />` : html`<figure class="passage">
      <figcaption>${t("chat.passage")}</figcaption><${Passage} text=${source.content} statements=${statements} />
      </figure>`}
    ${mayRead && html`<div><${Button} icon=${isPage.value ? "back" : "document"}
      onClick=${() => { isPage.value = !isPage.value; }}>
      ${isPage.value ? t("chat.only_passage") : t("chat.on_its_page")}<//></div>`}`;
}

function Passage({ text, statements }) {
  return html`<blockquote dir="auto" class="document-words">
    ${markedParts(text, statements).map((part, n) => (part.isMarked ? html`<mark key=${n}>${part.text}
    </mark>` : part.text))}</blockquote>`;
}

// By what the service found: the tone, the icon, the sentence.
const VERDICTS = new Map([
  [true, ["good", "check", "verified"]],
  [false, ["warn", "warning", "unverified"]],
  [null, ["", "document", "unknown"]],
]);

/** In words, since a colour alone tells nobody anything. */
function Verdict({ source }) {
  if (source.cited === null) return null;
  if (!source.cited) return html`<p class="verdict">${t("chat.not_cited")}</p>`;
  const kind = VERDICTS.get(source.verified);
  return html`<p class=${`verdict ${kind[0]}`}><${Icon} name=${kind[1]} /><span>${t(`chat.${kind[2]}`)}</span></p>`;
}
