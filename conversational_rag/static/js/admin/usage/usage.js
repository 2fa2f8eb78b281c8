// What was asked of the models, over time and by client.
import { useSignal } from "@preact/signals";
import { get } from "../../api.js";
import { html } from "../../html.js";
import { number, percent } from "../../i18n/format.js";
import { t } from "../../i18n/language.js";
import { Facts } from "../facts.js";
import { Loaded, useLoaded } from "../loaded.js";
import { Segments } from "../segments.js";
import { SubjectField, ofSubject, subject } from "../subject.js";
import { ClientsUsage } from "./clients_usage.js";
import { Figures } from "./figures.js";
import { AnswersChart, TokensChart } from "./history_charts.js";

const WINDOWS = ["24h", "7d", "30d"];
const SUMMED = ["answers", "degraded", "llm_calls", "prompt_tokens", "completion_tokens", "cached_tokens"];

export function Usage() {
  const window = useSignal("24h");
  const about = JSON.stringify([subject.value, window.value]);
  const history = useLoaded((signal) => get("/usage/history", { ...ofSubject(), window: window.value }, signal), about);
  const clients = useLoaded((signal) => get("/usage", ofSubject(), signal), subject.value ?? "");
  const options = WINDOWS.map((value) => ({ value, title: t(`admin.window.${value}`) }));
  const choose = (value) => {
    window.value = value;
  };
  return html`<div class="filters"><${SubjectField} />
      <${Segments} label=${t("admin.window")} options=${options} value=${window.value} onChoose=${choose} /></div>
    <${Loaded} from=${history} lines=${8}>${(found) => html`<${History} history=${found} />`}<//>
    <section class="stack"><h2>${t("admin.usage.clients")}</h2>
      <${Loaded} from=${clients}>${(found) => html`<${ClientsUsage} clients=${found.clients} />`}<//></section>`;
}

/** @param {{history: {window: string, step_seconds: number, points: any[]}}} props */
function History({ history }) {
  const sums = Object.fromEntries(SUMMED.map((name) => [name, history.points.reduce((sum, each) => sum + each[name], 0)]));
  return html`<${Facts} facts=${[
      [t("admin.answers"), number(sums.answers)],
      [t("admin.degraded_share"), sums.answers ? percent(sums.degraded / sums.answers) : "–"],
      [t("admin.prompt_tokens"), number(sums.prompt_tokens)],
      [t("admin.completion_tokens"), number(sums.completion_tokens)],
      [t("admin.cached_tokens"), number(sums.cached_tokens)],
      [t("admin.calls"), number(sums.llm_calls)],
    ]} />
    <div class="charts"><${AnswersChart} history=${history} sums=${sums} /><${TokensChart} history=${history} sums=${sums} /></div>
    <${Figures} history=${history} />`;
}
