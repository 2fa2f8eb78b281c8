// The charts' figures as a table, for whoever cannot see the charts, or wants to know it exactly.
import { useSignal } from "@preact/signals";
import { Table } from "../../components/table.js";
import { html } from "../../html.js";
import { number } from "../../i18n/format.js";
import { t } from "../../i18n/language.js";
import { nameOf } from "./steps.js";

const COUNTED = ["answers", "degraded", "prompt_tokens", "completion_tokens", "cached_tokens", "llm_calls"];
const TITLES = { llm_calls: "admin.calls" };

/** @param {{history: {window: string, points: any[]}}} props */
export function Figures({ history }) {
  const isOpen = useSignal(false);
  const { window, points } = history;
  const columns = [
    { key: "start", title: t("admin.when"), isHead: true, cell: (row) => nameOf(window, row) },
    ...COUNTED.map((key) => ({ key, title: t(TITLES[key] ?? `admin.${key}`), isNumber: true, cell: (row) => number(row[key]) })),
  ];
  return html`<details class="figures" onToggle=${(event) => { isOpen.value = event.currentTarget.open; }}>
    <summary>${t("admin.figures")}</summary>
    ${isOpen.value && html`<${Table} caption=${t("admin.figures")} columns=${columns} rows=${points} rowKey=${(row) => row.start} />`}
  </details>`;
}
