// The widget's frame begins: it waits for the page around it, which brings the key.
import { effect } from "@preact/signals";
import { render } from "preact";
import { useKey } from "../api.js";
import { html } from "../html.js";
import { LANGUAGES, addSentences, speak } from "../i18n/language.js";
import { leave, meetHost } from "./host.js";
import { Widget, opening } from "./widget.js";

await addSentences((language) => import(`../i18n/${language}.js`));
render(html`<${Widget} />`, document.getElementById("page"));

window.addEventListener("keydown", (event) => {
  // What is open inside is closed first.
  if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector("dialog[open]")) leave();
});
effect(() => {
  if (opening.value) document.title = opening.value.title;
});
meetHost(async (told) => {
  useKey(told.key);
  const { colorScheme } = told;
  if (colorScheme === "light" || colorScheme === "dark") document.documentElement.dataset.theme = colorScheme;
  // Without these sentences it speaks another language, which is better than nothing.
  if (told.lang in LANGUAGES) await speak(told.lang, false).catch(() => {});
  opening.value = told;
});
