// The service in one glance, looked at again as long as somebody sees it.
import { useId } from "preact/hooks";
import { Button } from "../../components/button.js";
import { html } from "../../html.js";
import { t } from "../../i18n/language.js";
import { useEvery } from "../every.js";
import { Loaded, useLoaded } from "../loaded.js";
import { Health } from "./health.js";
import { Models, askModels } from "./models.js";
import { readiness } from "./readiness.js";
import { Totals, askTotals } from "./totals.js";

const SECONDS = 15;
// Counting everything takes the service longer than saying how it is.
const TOTALS_SECONDS = 60;

export function Overview() {
  const health = useLoaded(readiness);
  const models = useLoaded(askModels);
  const totals = useLoaded(askTotals);
  const look = () => [health, models].forEach((each) => each.reload());
  useEvery(SECONDS, look);
  useEvery(TOTALS_SECONDS, totals.reload);
  const lookAtAll = () => [look, totals.reload].forEach((each) => each());
  return html`<div class="row spread"><p class="fine">${t("admin.overview.again", { seconds: SECONDS })}</p>
      <${Button} icon="again" class="small" onClick=${lookAtAll}>${t("admin.refresh")}<//></div>
    <${Section} title=${t("admin.health")} from=${health}>${(state) => html`<${Health} state=${state} />`}<//>
    <${Section} title=${t("admin.models")} from=${models}>${(answer) => html`<${Models} answer=${answer} />`}<//>
    <${Section} title=${t("admin.totals")} from=${totals}>${(found) => html`<${Totals} ...${found} />`}<//>`;
}

function Section({ title, from, children }) {
  const heading = useId();
  return html`<section class="card stack" aria-labelledby=${heading}><h2 id=${heading}>${title}</h2><${Loaded} from=${from}>${children}<//></section>`;
}
