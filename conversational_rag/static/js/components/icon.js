// Our own icons: lines on a grid of 24, in the colour of the text beside them.
import { html } from "../html.js";

const DRAWINGS = {
  add: "M12 5v14M5 12h14",
  admin: "M5 20v-6M12 20V4M19 20v-9",
  again: "M19 12a7 7 0 1 1-2.200-5.100M19 4v4h-4",
  arrow_up: "M12 19V5M6 11l6-6 6 6",
  back: "M14 6l-6 6 6 6",
  chat: "M5 5h14v10h-7l-4 4v-4H5z",
  check: "M5 12.500l4.500 4.500L19 7.500",
  close: "M6 6l12 12M18 6L6 18",
  collection: "M4 7h16v12H4zM7 4h10",
  copy: "M9 9h10v10H9zM15 9V5H5v10h4",
  document: "M7 3h7l4 4v14H7zM14 3v4h4M10 12h5M10 16h5",
  down: "M6 9l6 6 6-6",
  download: "M12 4v11M7 10.500l5 5 5-5M5 20h14",
  folder: "M4 6h5.500l2 2.500H20V18H4z",
  key: "M14.500 9.500a4 4 0 1 0-3 3.900L13 15h2v2h2v2h3v-3l-5.600-5.600z",
  language: "M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 1 0 0-17zM3.500 12h17M12 3.500c5 5 5 12 0 17M12 3.500c-5 5-5 12 0 17",
  leave: "M10 5H5v14h5M14 8l4 4-4 4M9 12h9",
  menu: "M4 7h16M4 12h16M4 17h16",
  moon: "M19 14.500A8 8 0 0 1 9.500 5 8 8 0 1 0 19 14.500z",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  pencil: "M5 19l1-4L16 5l3 3L9 18z",
  replace: "M7 3h7l4 4v14H7zM14 3v4h4M12.500 18v-6M9.800 14.700l2.700-2.700 2.700 2.700",
  search: "M10.500 4.500a6 6 0 1 0 0 12 6 6 0 1 0 0-12zM15 15l5 5",
  settings: "M4 8h9M17 8h3M4 16h3M11 16h9M15 6v4M9 14v4",
  stop: "M7 7h10v10H7z",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 1 0 0-8zM12 3v1.500M12 19.500V21M3 12h1.500M19.500 12H21M5.600 5.600l1.100 1.100M17.300 17.300l1.100 1.100M5.600 18.400l1.100-1.100M17.300 6.700l1.100-1.100",
  thumb_down: "M7 5v9H4V5zM7 13l4 7c2 0 2.500-1 2.300-2.500L13 14.500h5.500c1 0 1.600-1 1.300-2L18 6.500C17.700 5.500 17 5 16 5H7",
  thumb_up: "M7 19v-9H4v9zM7 11l4-7c2 0 2.500 1 2.300 2.500L13 9.500h5.500c1 0 1.600 1 1.300 2l-1.800 6c-.3 1-1 1.500-2 1.500H7",
  trash: "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13M10.500 11v5M13.500 11v5",
  upload: "M12 16V5M7 9.500l5-5 5 5M5 20h14",
  waiting: "M12 4a8 8 0 1 0 0 16 8 8 0 1 0 0-16zM12 8v4.500l3 2",
  warning: "M12 4l9 16H3zM12 10v4.500M12 17.500h.01",
};
// Those that point along the line of reading turn round with it.
const DIRECTED = new Set(["back", "leave"]);

/**
 * Beside a word it is mere decoration; a button without a word carries its name itself.
 * @param {{name: keyof typeof DRAWINGS}} props
 */
export function Icon({ name }) {
  return html`<svg class=${DIRECTED.has(name) ? "icon directed" : "icon"} viewBox="0 0 24 24" aria-hidden="true"
    focusable="false">
    <path d=${DRAWINGS[name]} />
  </svg>`;
}
