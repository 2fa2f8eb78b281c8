// The steps of a window of time: how each is called, and which of them stand below a chart.
import { date } from "../../i18n/format.js";

const SHAPES = {
  "24h": {
    name: { weekday: "short", hour: "2-digit", minute: "2-digit" },
    tick: { timeStyle: "short" },
    isTick: (now) => now.getHours() % 6 === 0,
  },
  "7d": {
    name: { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
    tick: { weekday: "short" },
    // The first of a day; of the day that was cut off at the beginning nothing would stand above its name.
    isTick: (now, before) => before && now.getDay() !== before.getDay(),
  },
  "30d": {
    name: { weekday: "short", day: "numeric", month: "short" },
    tick: { day: "numeric", month: "short" },
    isTick: (_now, _before, index) => index % 6 === 0,
  },
};

/** @param {string} window @param {{start: number}} point @returns {string} as "Fri 14:00" */
export function nameOf(window, point) {
  return date(point.start, SHAPES[window].name);
}

/**
 * @param {string} window
 * @param {{start: number}[]} points
 * @returns {{index: number, text: string}[]}
 */
export function ticksOf(window, points) {
  const { isTick, tick } = SHAPES[window];
  const days = points.map((each) => new Date(each.start * 1000));
  return points
    .map((point, index) => ({ index, text: date(point.start, tick) }))
    .filter(({ index }) => isTick(days[index], days[index - 1], index));
}
