// The two charts of the usage: answers with those that no model gave, and tokens by what they were spent on.
import { html } from "../../html.js";
import { percent } from "../../i18n/format.js";
import { t } from "../../i18n/language.js";
import { Bars } from "./bars.js";
import { nameOf, ticksOf } from "./steps.js";

/** @param {{history: any, sums: Record<string, number>}} props */
export function AnswersChart({ history, sums }) {
  const { window, points } = history;
  const parts = [
    { key: "first", title: t("admin.answered"), value: (each) => each.answers - each.degraded },
    { key: "second", title: t("admin.degraded"), value: (each) => each.degraded },
  ];
  const busiest = points.reduce((most, each) => (each.answers > most.answers ? each : most), points[0]);
  const share = percent(sums.answers ? sums.degraded / sums.answers : 0);
  const summary = sums.answers
    ? t("admin.chart.answers", { count: sums.answers, degraded: sums.degraded, share, when: nameOf(window, busiest), most: busiest.answers })
    : t("admin.chart.nothing");
  const read = (each) => t("admin.chart.answers_at", { when: nameOf(window, each), count: each.answers, degraded: each.degraded });
  return html`<${Bars} title=${t("admin.answers")} summary=${summary} points=${points} parts=${parts} ticks=${ticksOf(window, points)} read=${read} />`;
}

/** @param {{history: any, sums: Record<string, number>}} props */
export function TokensChart({ history, sums }) {
  const { window, points } = history;
  const parts = [
    { key: "first", title: t("admin.prompt_tokens"), value: (each) => each.prompt_tokens },
    { key: "third", title: t("admin.completion_tokens"), value: (each) => each.completion_tokens },
  ];
  const { prompt_tokens: prompt, completion_tokens: completion, cached_tokens: cached } = sums;
  const summary = prompt + completion ? t("admin.chart.tokens", { prompt, completion, cached }) : t("admin.chart.nothing");
  const read = (each) => t("admin.chart.tokens_at", { when: nameOf(window, each), prompt: each.prompt_tokens, completion: each.completion_tokens });
  return html`<${Bars} title=${t("admin.tokens")} summary=${summary} points=${points} parts=${parts} ticks=${ticksOf(window, points)} read=${read} />`;
}
