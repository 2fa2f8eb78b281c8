// A bar chart of our own. It is one picture with a text that says what it shows; the figures stand in a table as well.
// Time runs as one reads: in Farsi from right to left.
import { useSignal } from "@preact/signals";
import { html } from "../../html.js";
import { number } from "../../i18n/format.js";

const HEIGHT = 100;
const WIDTH = 0.74;
// What is not nothing can be seen.
const LEAST = 1.2;

/**
 * @typedef {{key: string, title: string, value: (point: any) => number}} Part stacked from the bottom up; `key` is its colour's class
 * @param {{title: string, summary: string, points: any[], parts: Part[], ticks: {index: number, text: string}[], read: (point: any) => string}} props
 *   `read` says what one bar shows
 */
export function Bars({ title, summary, points, parts, ticks, read }) {
  const here = useSignal(null);
  const top = roof(Math.max(...points.map((point) => parts.reduce((sum, part) => sum + part.value(point), 0))));
  const follow = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    const share = (event.clientX - box.left) / box.width;
    const along = document.documentElement.dir === "rtl" ? 1 - share : share;
    here.value = Math.max(0, Math.min(points.length - 1, Math.floor(along * points.length)));
  };
  const leave = () => {
    here.value = null;
  };
  const middle = (index) => `${((index + 0.5) / points.length) * 100}%`;
  const shown = here.value === null ? summary : read(points[Math.min(here.value, points.length - 1)]);
  return html`<figure class="card chart">
    <figcaption class="row spread"><h2>${title}</h2>
      <ul class="legend">${parts.map((each) => html`<li key=${each.key} class=${each.key}>${each.title}</li>`)}</ul></figcaption>
    <div class="plot">
      <div class="scale" aria-hidden="true">${[top, top / 2, 0].map((each) => html`<span key=${each}>${number(each, { notation: "compact" })}</span>`)}</div>
      <svg role="img" aria-label=${`${title}. ${summary}`} viewBox=${`0 0 ${points.length} ${HEIGHT}`} preserveAspectRatio="none"
        onPointerMove=${follow} onPointerDown=${follow} onPointerLeave=${leave}>
        ${here.value !== null && html`<rect class="here" x=${here.value} y="0" width="1" height=${HEIGHT} />`}
        ${[0, HEIGHT / 2, HEIGHT].map((y) => html`<line key=${y} x1="0" x2=${points.length} y1=${y} y2=${y} />`)}
        ${points.map((point, index) => stack(point, index, parts, top))}
      </svg>
      <div class="ticks" aria-hidden="true">
        ${ticks.map(({ index, text }) => html`<span key=${index} style=${{ insetInlineStart: middle(index) }}>${text}</span>`)}
      </div>
    </div>
    <p class="fine reading" aria-hidden="true">${shown}</p>
  </figure>`;
}

function stack(point, index, parts, top) {
  let from = HEIGHT;
  return parts.map((part) => {
    const value = part.value(point);
    if (!value) return null;
    const height = Math.max(LEAST, (value / top) * HEIGHT);
    from -= height;
    return html`<rect key=${`${index}${part.key}`} class=${part.key} x=${index + (1 - WIDTH) / 2} y=${from} width=${WIDTH} height=${height} />`;
  });
}

/** The next number that is round, and whose half is. */
function roof(most) {
  if (most <= 4) return 4;
  const step = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 4, 6, 8, 10].find((each) => each * step >= most) * step;
}
