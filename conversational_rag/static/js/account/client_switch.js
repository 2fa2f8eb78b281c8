// Choosing whose documents are asked, for those who may ask more than one client's.
import { signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Dialog } from "../components/dialog.js";
import { Field } from "../components/field.js";
import { Icon } from "../components/icon.js";
import { EmptyState, ProblemNote, Skeleton } from "../components/states.js";
import { html } from "../html.js";
import { t } from "../i18n/language.js";
import { goTo, place } from "../routing.js";
import { caller, may } from "./caller.js";
import { choose, client, isBound, listClients } from "./clients.js";

const MOST_SHOWN = 100;

const isOpen = signal(false);

/** Ask for the choice, from wherever. */
export function askForClient() {
  isOpen.value = true;
}

/** The client that is asked; a button where there is a choice. Stands once in the page. */
export function ClientSwitch() {
  if (!caller.value) return null;
  const inside = html`<${Icon} name="collection" /><span class="client-name"><small>${t("client")}</small><bdi>
    ${client.value ?? t("client.none")}</bdi></span>`;
  if (isBound.value || !may("manage")) return html`<div class="client-switch">${inside}</div>`;
  return html`<button type="button" class="client-switch" aria-haspopup="dialog"
    onClick=${askForClient}>${inside}<${Icon} name="down" /></button>
    ${isOpen.value && html`<${Chooser} onClose=${() => { isOpen.value = false; }} />`}`;
}

function Chooser({ onClose }) {
  const clients = useSignal(null);
  const error = useSignal(null);
  const wanted = useSignal("");
  const load = () => {
    error.value = null;
    listClients().then((found) => { clients.value = found; }, (problem) => { error.value = problem; });
  };
  useEffect(load, []);
  const take = (clientId) => {
    choose(clientId);
    onClose();
    // Where one stands belongs to the client before.
    if (place.value[0] === "chat") goTo("chat");
  };
  const text = wanted.value.trim().toLowerCase();
  const found = clients.value?.filter((each) => each.client_id.toLowerCase().includes(text));
  return html`<${Dialog} title=${t("client.choose")} onClose=${onClose}>
    ${error.value && html`<${ProblemNote} error=${error.value} onRetry=${load} />`}
    ${!clients.value && !error.value && html`<${Skeleton} />`}
    ${clients.value?.length === 0 && html`<${EmptyState} icon="collection" title=${t("client.empty")}
      text=${t("client.empty_text")} />`}
    ${clients.value?.length > 8 && html`<${Field} type="search" label=${t("client.search")} value=${wanted.value}
      onInput=${(event) => { wanted.value = event.currentTarget.value; }} />`}
    <ul class="choices">${found?.slice(0, MOST_SHOWN).map((each) => html`<li key=${each.client_id}>
      <button type="button" aria-current=${each.client_id === client.value ? "true" : null}
        onClick=${() => take(each.client_id)}>
        <bdi>${each.client_id}</bdi><small>${t("client.files", { count: each.files })}</small></button></li>`)}</ul>
    ${found?.length > MOST_SHOWN && html`<p class="fine">${t("client.more", { count: found.length - MOST_SHOWN })}</p>`}
    <button type="button" class="choices-new" onClick=${() => { take(null); goTo("documents"); }}>
      <${Icon} name="add" /> ${t("client.new")}</button>
  <//>`;
}
