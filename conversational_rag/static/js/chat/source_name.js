// What a source is called: its file and its place in it.
import { t } from "../i18n/language.js";

/**
 * @param {{filename: string, page: number | null, place: string | null}} source
 * @returns {string} as "handbook.pdf, page 3"
 */
export function sourceName(source) {
  return [source.filename, placeName(source)].filter(Boolean).join(", ");
}

/**
 * @param {{page: number | null, place: string | null}} source
 * @returns {string} as "page 3", "Sheet 1", or ""
 */
export function placeName(source) {
  if (source.place) return source.place;
  return source.page === null ? "" : t("chat.page", { page: source.page });
}
