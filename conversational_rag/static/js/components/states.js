// What stands in a place that has nothing to show: not yet, not at all, or because of a problem.
import { html } from "../html.js";
import { t } from "../i18n/language.js";
import { describe } from "../problem.js";
import { Button } from "./button.js";
import { Icon } from "./icon.js";

/**
 * Grey lines while something is on its way.
 * @param {{lines?: number, label?: string}} props
 */
export function Skeleton({ lines = 3, label = t("loading") }) {
  return html`<div class="skeleton" role="status"><span class="unseen">${label}</span>
    ${Array.from({ length: lines }, (_, n) => html`<div key=${n} class="bone"></div>`)}</div>`;
}

/**
 * @param {{icon?: string, title: string, text?: string, isView?: boolean, children?: any}} props
 *   `isView`: it is all that there is; `children`: what to do about it
 */
export function EmptyState({ icon, title, text, isView = false, children }) {
  return html`<section class="empty-state">
    ${icon && html`<div class="empty-icon"><${Icon} name=${icon} /></div>`}
    <${isView ? "h1" : "h2"}>${title}<//>${text && html`<p dir="auto">${text}</p>`}${children && html`<div class="empty-actions">
      ${children}</div>`}
  </section>`;
}

/**
 * A problem in the place where it happened.
 * @param {{error: unknown, onRetry?: () => void, children?: any}} props
 */
export function ProblemNote({ error, onRetry, children }) {
  // Of use only where somebody else must look.
  const id = error?.status >= 500 ? error.requestId : "";
  return html`<div class="problem" role="alert">
    <${Icon} name="warning" />
    <div><p dir="auto">${describe(error)}</p>${id && html`<p class="fine">${t("problem.request")} <code dir="ltr">
      ${id}</code></p>`}
    ${(onRetry || children) && html`<div class="row">${onRetry && html`<${Button} icon="again" onClick=${onRetry}>
      ${t("again")}<//>`}${children}</div>`}</div>
  </div>`;
}
