// The audit: what was done, what was refused, and to whom.
import { useSignal } from "@preact/signals";
import { get } from "../../api.js";
import { Button } from "../../components/button.js";
import { notifyProblem } from "../../components/notices.js";
import { EmptyState } from "../../components/states.js";
import { Table } from "../../components/table.js";
import { html } from "../../html.js";
import { t } from "../../i18n/language.js";
import { Loaded } from "../loaded.js";
import { More, usePages } from "../pages.js";
import { ofSubject, subject } from "../subject.js";
import { columns } from "./columns.js";
import { downloadAudit } from "./download.js";
import { Filters, NO_FILTERS, queryOf } from "./filters.js";

const PAGE = 100;

export function Audit() {
  const filters = useSignal(NO_FILTERS);
  const query = { ...ofSubject(), ...queryOf(filters.value) };
  const fetchPage = async (cursor, signal) => {
    const { entries, next_cursor } = await get("/audit", { ...query, limit: PAGE, cursor }, signal);
    return { rows: entries, next: next_cursor };
  };
  const entries = usePages(fetchPage, (each) => each.id, JSON.stringify(query));
  return html`<p class="muted">${t("admin.audit.text")}</p>
    <${Filters} filters=${filters.value} onChange=${(changed) => { filters.value = changed; }}>
      <${Button} icon="again" busy=${entries.isBusy.value} onClick=${entries.reload}>${t("admin.refresh")}<//><${Export} query=${query} /><//>
    <${Loaded} from=${entries} lines=${8}>${() => html`<${List} entries=${entries} isNarrow=${subject.value !== null || filters.value !== NO_FILTERS} />`}<//>`;
}

function List({ entries, isNarrow }) {
  const { rows } = entries.data.value;
  const text = isNarrow ? "admin.audit.narrow" : "admin.audit.empty_text";
  if (!rows.length) return html`<${EmptyState} icon="search" title=${t("admin.audit.empty")} text=${t(text)} />`;
  return html`<${Table} caption=${t("admin.audit")} columns=${columns()} rows=${rows} rowKey=${(row) => row.id} /><${More} pages=${entries} />`;
}

function Export({ query }) {
  const isBusy = useSignal(false);
  const save = async () => {
    isBusy.value = true;
    await downloadAudit(query).catch(notifyProblem);
    isBusy.value = false;
  };
  return html`<${Button} icon="download" busy=${isBusy.value} onClick=${save} title=${t("admin.audit.export_text")}>
    ${t(isBusy.value ? "admin.audit.exporting" : "admin.audit.export")}
  <//>`;
}
