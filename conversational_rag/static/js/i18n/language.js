// The interface's language: its sentences, its direction, and how it counts.
import { signal } from "@preact/signals";
import { rememberWord } from "../storage.js";

/** Every language the page speaks, by its own name. */
export const LANGUAGES = { en: "English", de: "Deutsch", fa: "فارسی" };

/** The language that is spoken now. */
export const language = signal(document.documentElement.lang in LANGUAGES ? document.documentElement.lang : "en");

const sentences = signal({});
const loaders = [];

/**
 * Add the sentences of a part of the page, in whatever language is or will be spoken.
 * @param {(language: string) => Promise<{default: Record<string, string | Record<string, string>>}>} load
 */
export async function addSentences(load) {
  const first = await load(language.value);
  loaders.push(load);
  sentences.value = { ...sentences.value, ...first.default };
}

/**
 * Speak another language from now on; the page follows at once.
 * @param {string} wanted one of LANGUAGES
 * @param {boolean} [isKept] also at the next visit
 */
export async function speak(wanted, isKept = true) {
  const parts = await Promise.all(loaders.map((load) => load(wanted)));
  sentences.value = Object.assign({}, ...parts.map((part) => part.default));
  language.value = wanted;
  document.documentElement.lang = wanted;
  document.documentElement.dir = wanted === "fa" ? "rtl" : "ltr";
  if (isKept) rememberWord("language", wanted);
}

/**
 * @param {string} key
 * @returns {boolean} whether there is such a sentence
 */
export function knows(key) {
  return key in sentences.value;
}

/**
 * A sentence in the user's language. `{name}` in it stands for a parameter; a sentence with plural forms
 * (`{one: …, other: …}`) takes the one that `count` asks for. Numbers are written as the language writes them.
 * @param {string} key
 * @param {Record<string, string | number>} [params]
 * @returns {string}
 */
export function t(key, params = {}) {
  const found = sentences.value[key];
  if (found === undefined) {
    console.error(`no sentence for ${key} in ${language.value}`);
    return key;
  }
  const sentence = typeof found === "string" ? found : (found[plural(params.count)] ?? found.other);
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => (name in params ? shown(params[name]) : whole));
}

function plural(count) {
  return new Intl.PluralRules(language.value).select(Number(count));
}

function shown(value) {
  return typeof value === "number" ? new Intl.NumberFormat(language.value).format(value) : String(value);
}
