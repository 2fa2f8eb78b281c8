// Turning pages: one back, one on, or to a page by its number; also with the arrow keys.
import { Button } from "../components/button.js";
import { html } from "../html.js";
import { t } from "../i18n/language.js";

/** @param {{index: number, total: number, onTurn: (index: number) => void, label: string}} props `index` from 0 */
export function PageTurning({ index, total, onTurn, label }) {
  const to = (wanted) => wanted >= 0 && wanted < total && wanted !== index && onTurn(wanted);
  const pressed = (event) => {
    if (event.target instanceof HTMLInputElement) return;
    // The keys follow the line of reading.
    const isBack = event.key === (document.documentElement.dir === "rtl" ? "ArrowRight" : "ArrowLeft");
    if (isBack || event.key === "ArrowLeft" || event.key === "ArrowRight") to(isBack ? index - 1 : index + 1);
  };
  return html`<nav class="row turning" aria-label=${label} onKeyDown=${pressed}>
    <${Button} kind="quiet" icon="back" aria-disabled=${index === 0 || null} onClick=${() => to(index - 1)}>
      ${t("documents.page_before")}
    <//>
    <${PageNumber} index=${index} total=${total} onTurn=${to} />
    <${Button} kind="quiet" class="forward" icon="back" aria-disabled=${index + 1 >= total || null}
      onClick=${() => to(index + 1)}>${t("documents.page_after")}<//>
  </nav>`;
}

function PageNumber({ index, total, onTurn }) {
  const typed = ({ currentTarget: field }) => {
    const wanted = Math.min(Math.max(Number.parseInt(field.value, 10) || index + 1, 1), total);
    field.value = String(wanted);
    onTurn(wanted - 1);
  };
  return html`<label class="page-number">
    <span class="unseen">${t("documents.page_number")}</span>
    <input type="number" inputmode="numeric" min="1" max=${total} value=${index + 1} onChange=${typed} />
    <span>${t("documents.of_pages", { total })}</span>
  </label>`;
}
