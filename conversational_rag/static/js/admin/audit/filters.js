// Which entries of the audit are shown.
import { useId } from "preact/hooks";
import { Button } from "../../components/button.js";
import { Field } from "../../components/field.js";
import { html } from "../../html.js";
import { t } from "../../i18n/language.js";
import { SubjectField, subject } from "../subject.js";
import { ACTIONS, actionName } from "./actions.js";

export const NO_FILTERS = Object.freeze({ actor: "", action: "", since: "", until: "" });

/**
 * @param {typeof NO_FILTERS} filters
 * @returns {Record<string, string | number | null>} as the service takes them
 */
export function queryOf({ actor, action, since, until }) {
  return { actor: actor.trim(), action: action.trim(), since: seconds(since), until: seconds(until) };
}

/** @param {{filters: typeof NO_FILTERS, onChange: (filters: typeof NO_FILTERS) => void, children?: any}} props */
export function Filters({ filters, onChange, children }) {
  const actions = useId();
  // When the field is left or Enter is pressed: half a word finds nothing.
  const field = (name) => ({ value: filters[name], onChange: (event) => onChange({ ...filters, [name]: event.currentTarget.value }) });
  const word = { type: "search", dir: "ltr", maxLength: 100, autocomplete: "off", spellcheck: false };
  const clear = () => {
    subject.value = null;
    onChange(NO_FILTERS);
  };
  const isNarrow = subject.value !== null || Object.values(filters).some(Boolean);
  return html`<div class="filters"><${SubjectField} />
    <${Field} label=${t("admin.audit.action")} list=${actions} ...${word} ...${field("action")} />
    <datalist id=${actions}>${ACTIONS.map((each) => html`<option key=${each} value=${each}>${actionName(each)}</option>`)}</datalist>
    <${Field} label=${t("admin.audit.actor")} ...${word} placeholder=${t("admin.audit.actor_hint")} ...${field("actor")} />
    <${Field} label=${t("admin.audit.since")} type="datetime-local" ...${field("since")} />
    <${Field} label=${t("admin.audit.until")} type="datetime-local" ...${field("until")} />
    ${isNarrow && html`<${Button} kind="quiet" icon="close" onClick=${clear}>${t("admin.audit.clear")}<//>`}<div class="row">${children}</div></div>`;
}

function seconds(local) {
  return local ? new Date(local).getTime() / 1000 : null;
}
