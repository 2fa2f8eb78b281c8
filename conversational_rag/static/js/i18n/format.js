// How numbers, sizes and times are written in the user's language.
import { language } from "./language.js";

const STEPS = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];
const BYTES = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

/** @param {number} value @param {Intl.NumberFormatOptions} [options] @returns {string} */
export function number(value, options) {
  return new Intl.NumberFormat(language.value, options).format(value);
}

/** @param {number} share 0 to 1 @returns {string} */
export const percent = (share) => number(share, { style: "percent", maximumFractionDigits: 0 });

/** @param {number} bytes @returns {string} as "1.4 MB" */
export function size(bytes) {
  const step = Math.min(BYTES.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  const value = bytes / 1000 ** step;
  const maximumFractionDigits = value < 10 && step ? 1 : 0;
  const unitDisplay = step ? "short" : "long";
  return number(value, { style: "unit", unit: BYTES[step], unitDisplay, maximumFractionDigits });
}

/** @param {number} unixSeconds @returns {string} a date and time of day */
export function moment(unixSeconds) {
  return date(unixSeconds, { dateStyle: "medium", timeStyle: "short" });
}

/** @param {number} unixSeconds @param {Intl.DateTimeFormatOptions} options @returns {string} */
export function date(unixSeconds, options) {
  return new Intl.DateTimeFormat(language.value, options).format(unixSeconds * 1000);
}

/** @param {number} unixSeconds @returns {string} as "5 minutes ago", "yesterday" */
export function ago(unixSeconds) {
  const seconds = unixSeconds - Date.now() / 1000;
  const [unit, length] = STEPS.find(([, each]) => Math.abs(seconds) >= each) ?? ["minute", 60];
  return new Intl.RelativeTimeFormat(language.value, { numeric: "auto" }).format(Math.trunc(seconds / length), unit);
}

/** @param {number} seconds @returns {string} as "2 min, 5 sec" */
export function duration(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  const parts = [
    ["hour", Math.floor(whole / 3600)],
    ["minute", Math.floor((whole % 3600) / 60)],
    ["second", whole % 60],
  ].filter(([, value]) => value);
  // Two parts are as exact as anybody needs.
  const told = (parts.length ? parts : [["second", 0]]).slice(0, 2);
  const texts = told.map(([unit, value]) => number(value, { style: "unit", unit, unitDisplay: "short" }));
  return new Intl.ListFormat(language.value, { style: "narrow", type: "unit" }).format(texts);
}
