// How far something is.
import { useId } from "preact/hooks";
import { html } from "../html.js";

/**
 * @param {{label: string, value?: number | null, max?: number, text?: string, tone?: "good" | "warn" | "bad"}} props
 *   without `value` nobody knows how far
 */
export function Progress({ label, value = null, max = 1, text, tone }) {
  const id = useId();
  return html`<div class=${`progress ${tone ?? ""}`}>
    <div class="progress-words"><span id=${id} dir="auto">${label}</span>${text && html`<span class="muted">${text}
    </span>`}</div>
    <progress aria-labelledby=${id} max=${max} value=${value ?? undefined}></progress>
  </div>`;
}
