// A field that takes a client's id: a list of them, or where they are many, a text that is completed.
import { useSignal } from "@preact/signals";
import { useEffect, useId } from "preact/hooks";
import { listClients } from "../account/clients.js";
import { Field } from "../components/field.js";
import { html } from "../html.js";
import { useLoaded } from "./loaded.js";

const MOST_IN_LIST = 200;
const MOST_SUGGESTED = 1000;

/**
 * @param {{label: string, value: string, onChoose: (clientId: string) => void, anyone?: string, error?: string}} props
 *   `anyone`: what the choice of nobody in particular is called, whose value is ""
 */
export function ClientField({ onChoose, value, ...rest }) {
  const { data } = useLoaded(listClients);
  const ids = (data.value ?? []).map((each) => each.client_id);
  if (ids.length > MOST_IN_LIST) return html`<${Completed} ids=${ids} value=${value} onChoose=${onChoose} ...${rest} />`;
  // What is chosen stays visible before the list has come, or when it does not come.
  const shown = value && !ids.includes(value) ? [value, ...ids] : ids;
  return html`<${Chosen} ids=${shown} value=${value} onChoose=${onChoose} ...${rest} />`;
}

function Chosen({ ids, value, onChoose, anyone = "–", ...rest }) {
  return html`<${Field} as="select" class="client-field" dir=${null} value=${value} onChange=${(event) => onChoose(event.currentTarget.value)} ...${rest}>
    <option value="" selected=${value === ""}>${anyone}</option>
    ${ids.map((id) => html`<option key=${id} value=${id} selected=${id === value}>${id}</option>`)}
  <//>`;
}

function Completed({ ids, value, onChoose, anyone = "", ...rest }) {
  const list = useId();
  const typed = useSignal(value);
  const settle = () => {
    typed.value = value;
  };
  // It may be chosen elsewhere; and half an id, left alone, chooses nobody.
  useEffect(settle, [value]);
  const taken = (event) => {
    typed.value = event.currentTarget.value;
    const text = typed.value.trim();
    if (text === "" || ids.includes(text)) onChoose(text);
  };
  const near = ids.filter((id) => id.includes(typed.value.trim())).slice(0, MOST_SUGGESTED);
  const word = { type: "search", dir: "ltr", autocomplete: "off", spellcheck: false };
  return html`<div class="client-field">
    <${Field} ...${word} list=${list} placeholder=${anyone} value=${typed.value} onInput=${taken} onBlur=${settle} ...${rest} />
    <datalist id=${list}>${near.map((id) => html`<option key=${id} value=${id}></option>`)}</datalist></div>`;
}
