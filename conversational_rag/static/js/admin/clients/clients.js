// The collections: whose there are, how large they are, and their end.
import { useSignal } from "@preact/signals";
import { choose, client, isBound, listClients } from "../../account/clients.js";
import { Badge } from "../../components/badge.js";
import { Button, IconButton } from "../../components/button.js";
import { Field } from "../../components/field.js";
import { notify } from "../../components/notices.js";
import { EmptyState } from "../../components/states.js";
import { Table } from "../../components/table.js";
import { html } from "../../html.js";
import { number } from "../../i18n/format.js";
import { t } from "../../i18n/language.js";
import { goTo } from "../../routing.js";
import { Id } from "../facts.js";
import { Loaded, useLoaded } from "../loaded.js";
import { useSteps } from "../pages.js";
import { subject } from "../subject.js";
import { Deletion } from "./deletion.js";
import { LastChange } from "./last_change.js";

// Each row asks for its own last change.
const STEP = 25;
const MOST_WITHOUT_SEARCH = 8;

export function Clients() {
  const clients = useLoaded(listClients);
  const doomed = useSignal(null);
  const close = () => {
    doomed.value = null;
    clients.reload();
  };
  return html`<div class="row spread"><p class="muted">${t(isBound.value ? "admin.clients.own" : "admin.clients.text")}</p>
      ${!isBound.value && html`<${Button} kind="main" icon="add" onClick=${begin}>${t("admin.clients.new")}<//>`}</div>
    <${Loaded} from=${clients}>${(found) => html`<${List} clients=${found} onDelete=${(each) => { doomed.value = each; }} />`}<//>
    ${doomed.value && html`<${Deletion} client=${doomed.value} onClose=${close} />`}`;
}

function List({ clients, onDelete }) {
  const wanted = useSignal("");
  const text = wanted.value.trim().toLowerCase();
  const found = clients.filter((each) => each.client_id.toLowerCase().includes(text));
  const { shown, rest } = useSteps(found, STEP);
  if (!clients.length) {
    return html`<${EmptyState} icon="collection" title=${t("client.empty")} text=${t("admin.clients.empty")}>
      <${Button} kind="main" icon="upload" onClick=${begin}>${t("admin.clients.upload")}<//><//>`;
  }
  const write = (event) => {
    wanted.value = event.currentTarget.value;
  };
  const search = clients.length > MOST_WITHOUT_SEARCH
    && html`<${Field} class="search" type="search" label=${t("client.search")} value=${wanted.value} onInput=${write} />`;
  if (!shown.length) return html`${search}<p class="muted">${t("admin.clients.none")}</p>`;
  return html`${search}
    <${Table} caption=${t("admin.clients")} rows=${shown} rowKey=${(row) => row.client_id} columns=${columns(onDelete)} />${rest}`;
}

function columns(onDelete) {
  return [
    { key: "client_id", title: t("client"), isHead: true, cell: name },
    { key: "files", title: t("admin.files"), isNumber: true, cell: (row) => number(row.files) },
    { key: "document_count", title: t("admin.chunks"), isNumber: true, cell: (row) => number(row.document_count) },
    { key: "changed", title: t("admin.changed"), cell: (row) => html`<${LastChange} clientId=${row.client_id} />` },
    { key: "actions", title: t("admin.actions"), cell: (row) => html`<${Actions} client=${row} onDelete=${onDelete} />` },
  ];
}

function name({ client_id }) {
  const isHere = client_id === client.value && !isBound.value;
  return html`<span class="named"><${Id}>${client_id}<//>${isHere && html` <${Badge} tone="good">${t("admin.clients.chosen")}<//>`}</span>`;
}

function Actions({ client: each, onDelete }) {
  const about = (place) => () => {
    subject.value = isBound.value ? null : each.client_id;
    goTo("admin", place);
  };
  const named = (label) => `${label}: ${each.client_id}`;
  return html`<div class="actions">
    <${Button} class="small" onClick=${() => open(each)} aria-label=${named(t("admin.open"))}>${t("admin.open")}<//>
    <${Button} class="small" onClick=${about("usage")} aria-label=${named(t("admin.usage"))}>${t("admin.usage")}<//>
    <${IconButton} class="small" icon="trash" label=${named(t("delete"))} onClick=${() => onDelete(each)} />
  </div>`;
}

function open({ client_id }) {
  if (!isBound.value && client_id !== client.value) {
    choose(client_id);
    notify(t("admin.clients.is_chosen", { name: client_id }));
  }
  goTo("documents");
}

/** The next upload makes a client. */
function begin() {
  choose(null);
  goTo("documents");
}
