// Reasons: why a file cannot be searched, or which part of it, and what helps.
import { number } from "../i18n/format.js";
import { knows, language, t } from "../i18n/language.js";

const MOST_STRETCHES = 8;
// Where the page knows better than the service what to do next.
const OURS = new Set(["request_too_large", "upload_cancelled", "url_ingestion_off", "not_found"]);

/**
 * @param {{status: string, code?: string | null, error?: string | null, verdict?: any}} document or a file's outcome
 * @returns {string} in the user's language where there is such a sentence, else in the service's; "": nothing is wrong
 */
export function reasonOf(document) {
  const { status, code, error, verdict } = document;
  if (verdict?.pages_without_text?.length && status === "partial") return withoutText(verdict);
  if (!error && !code) return status === "partial" || status === "empty" ? t(`documents.why.${status}`) : "";
  // The service's own words are more exact: they tell the limit that was met, or the pages.
  if (language.value === "en" && error && !OURS.has(code)) return error;
  const key = [`documents.why.${code ?? status}`, `problem.${code}`].find(knows);
  return key ? t(key, { seconds: 5 }) : error || t("problem.unexpected");
}

/**
 * @param {number[]} numbers ascending
 * @returns {string} as "2, 4–7, 12"; of many stretches only the first
 */
export function stretches(numbers) {
  const found = [];
  for (const each of numbers) {
    if (found.length && each === found.at(-1)[1] + 1) found.at(-1)[1] = each;
    else found.push([each, each]);
  }
  const words = ([first, last]) => (first === last ? number(first) : `${number(first)}–${number(last)}`);
  const more = found.length > MOST_STRETCHES ? " …" : "";
  return found.slice(0, MOST_STRETCHES).map(words).join(t("documents.comma")) + more;
}

function withoutText({ pages, pages_without_text: blank }) {
  return t("documents.why.pages", { count: blank.length, pages, which: stretches(blank) });
}
