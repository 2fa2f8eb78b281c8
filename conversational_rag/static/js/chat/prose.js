// An answer's words while they come: only the blocks that have changed are made anew, at most once a frame, so that
// what is read, or selected, stays as it is.
import { effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { notify, notifyProblem } from "../components/notices.js";
import { html } from "../html.js";
import { number as shownNumber } from "../i18n/format.js";
import { language, t } from "../i18n/language.js";
import { sourceName } from "./source_name.js";
import { blocksOf, nodesOf } from "./markdown.js";

/** @param {{turn: import("./turn.js").Turn, onCite: (source: number, chip: HTMLElement) => void}} props */
export function Prose({ turn, onCite }) {
  const place = useRef(null);
  useEffect(() => {
    const shown = [];
    let frame = 0;
    const draw = () => {
      frame = 0;
      grow(place.current, shown, turn);
    };
    const end = effect(() => {
      turn.text.value;
      turn.sources.value;
      language.value;
      // The first words, and a stored answer, are there at once.
      if (!shown.length) draw();
      else frame ||= requestAnimationFrame(draw);
    });
    return () => {
      end();
      cancelAnimationFrame(frame);
    };
  }, [turn]);
  const clicked = (event) => {
    const chip = event.target.closest(".cite");
    if (chip) onCite(Number(chip.dataset.source), chip);
    const copy = event.target.closest(".copy-code");
    if (copy) copyText(copy.parentElement.querySelector("code").textContent);
  };
  return html`<div ref=${place} class="prose" onClick=${clicked}></div>`;
}

/** @param {string} text */
export function copyText(text) {
  // Over plain HTTP from another machine there is no clipboard at all.
  const copied = navigator.clipboard?.writeText(text) ?? Promise.reject(new Error("no clipboard"));
  copied.then(() => notify(t("copied")), () => notifyProblem(t("copy_failed")));
}

function grow(place, shown, turn) {
  const sources = turn.sources.peek();
  const blocks = blocksOf(turn.text.peek(), sources.length);
  // The chips' names are in a language, and tell of the sources.
  const about = language.peek() + sources.length;
  const same = blocks.findIndex((block, index) => shown[index]?.raw !== block.raw || shown[index].about !== about);
  const kept = same === -1 ? blocks.length : same;
  for (const old of shown.splice(kept)) old.nodes.forEach((node) => node.remove());
  for (const block of blocks.slice(kept)) {
    const nodes = dressed(nodesOf(block), sources);
    place.append(...nodes);
    shown.push({ raw: block.raw, about, nodes });
  }
}

/** Direction, chips, links and copying: what the sanitiser would not let through, made here. */
function dressed(fragment, sources) {
  for (const block of fragment.children) block.dir = block.tagName === "PRE" ? "ltr" : "auto";
  for (const mark of fragment.querySelectorAll("sup[data-source]")) {
    const button = chip(Number(mark.dataset.source), sources);
    mark.replaceWith(button);
    tie(button);
  }
  for (const link of fragment.querySelectorAll("a[href]")) {
    Object.assign(link, { target: "_blank", rel: "noopener noreferrer nofollow" });
  }
  for (const code of fragment.querySelectorAll("pre > code")) code.parentElement.replaceWith(codeBlock(code));
  for (const table of fragment.querySelectorAll("table")) table.replaceWith(scrolling(table));
  return [...fragment.childNodes];
}

function chip(number, sources) {
  const button = element("button", "cite", shownNumber(number));
  button.type = "button";
  button.dataset.source = String(number);
  button.setAttribute("aria-label", t("chat.source", { number, name: sourceName(sources[number - 1]) }));
  button.title = sourceName(sources[number - 1]);
  return button;
}

/** In one line with the word before it and the stop behind it; several at one place stay together. */
function tie(button) {
  const { previousSibling: before, nextSibling: after } = button;
  const isTied = before?.nodeType === Node.ELEMENT_NODE && before.className === "tied";
  const frame = isTied ? before : element("span", "tied");
  if (!isTied) {
    button.replaceWith(frame);
    if (before?.nodeType === Node.TEXT_NODE) frame.append(cut(before, /\S{0,24}\s*$/));
  }
  frame.append(button);
  if (after?.nodeType === Node.TEXT_NODE) frame.append(cut(after, /^[\p{Po}\p{Pe}\p{Pf}]*/u));
}

/** Takes out of a text, and gives, what is found in it. */
function cut(text, wanted) {
  const [found] = wanted.exec(text.data);
  text.data = text.data.replace(wanted, "");
  return found;
}

function codeBlock(code) {
  const frame = element("div", "code-block");
  const language = /language-([\w+#-]+)/.exec(code.className)?.[1] ?? "";
  const copy = element("button", "copy-code", t("copy"));
  copy.type = "button";
  const text = element("pre");
  text.dir = "ltr";
  // What is wider than the page is scrolled, also by the keyboard.
  text.tabIndex = 0;
  text.append(code);
  frame.append(element("span", "code-language", language), copy, text);
  return frame;
}

function scrolling(table) {
  const frame = element("div", "prose-table");
  frame.dir = "auto";
  frame.tabIndex = 0;
  frame.setAttribute("role", "region");
  frame.setAttribute("aria-label", t("chat.table"));
  frame.append(table.cloneNode(true));
  return frame;
}

function element(name, className = "", text = "") {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}
