// Making a key.
import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { may } from "../../account/caller.js";
import { isBound } from "../../account/clients.js";
import { post } from "../../api.js";
import { Button } from "../../components/button.js";
import { Dialog } from "../../components/dialog.js";
import { Field } from "../../components/field.js";
import { ProblemNote } from "../../components/states.js";
import { html } from "../../html.js";
import { t } from "../../i18n/language.js";
import { ClientField } from "../client_field.js";
import { subject } from "../subject.js";
import { readOrigins } from "./origins.js";

const SCOPES = ["chat", "manage", "admin"];

/** @param {{onMade: (made: any) => void, onClose: () => void}} props `made`: the service's answer, with the key */
export function KeyForm({ onMade, onClose }) {
  const form = useId();
  const wanted = useSignal({ scope: "chat", clientId: subject.value ?? "", name: "", days: "", origins: "" });
  const faults = useSignal({});
  const error = useSignal(null);
  const isBusy = useSignal(false);
  const put = (part) => {
    wanted.value = { ...wanted.value, ...part };
  };
  const submit = async (event) => {
    event.preventDefault();
    if (isBusy.value) return;
    faults.value = faultsOf(wanted.value);
    if (Object.keys(faults.value).length) {
      const fields = event.currentTarget;
      requestAnimationFrame(() => fields.querySelector("[aria-invalid]")?.focus());
      return;
    }
    isBusy.value = true;
    error.value = null;
    try {
      onMade(await post("/keys", asked(wanted.value)));
    } catch (problem) {
      error.value = problem;
    } finally {
      isBusy.value = false;
    }
  };
  const foot = html`<${Button} onClick=${onClose}>${t("cancel")}<//>
    <${Button} kind="main" type="submit" form=${form} busy=${isBusy.value}>${t("admin.keys.make")}<//>`;
  return html`<${Dialog} title=${t("admin.keys.new")} onClose=${onClose} foot=${foot}>
    <form id=${form} class="stack" noValidate onSubmit=${submit}><${Fields} wanted=${wanted.value} faults=${faults.value} put=${put} /></form>
    ${error.value && html`<${ProblemNote} error=${error.value} />`}
  <//>`;
}

function Fields({ wanted, faults, put }) {
  const { scope, clientId, name, days, origins } = wanted;
  const typed = (field) => (event) => put({ [field]: event.currentTarget.value });
  return html`<${Field} as="select" label=${t("admin.keys.scope")} hint=${t(`admin.scope.${scope}.text`)} dir=${null} autofocus
      value=${scope} onChange=${typed("scope")}>
      ${SCOPES.filter(may).map((each) => html`<option key=${each} value=${each} selected=${each === scope}>${t(`admin.scope.${each}`)}</option>`)}
    <//>
    ${needsClient(scope) && html`<${ClientField} label=${t("client")} anyone=${t("admin.keys.choose")} error=${faults.clientId}
      value=${clientId} onChoose=${(id) => put({ clientId: id })} />`}
    <${Field} label=${t("admin.keys.name")} hint=${t("admin.keys.name_hint")} maxLength=${100} autocomplete="off" value=${name} onInput=${typed("name")} />
    <${Field} label=${t("admin.keys.days")} hint=${t("admin.keys.days_hint")} error=${faults.days} inputMode="numeric" autocomplete="off"
      value=${days} onInput=${typed("days")} />
    ${scope === "chat" && html`<${Field} as="textarea" label=${t("admin.keys.origins")} hint=${t("admin.keys.origins_hint")} error=${faults.origins}
      dir="ltr" rows=${2} spellcheck=${false} placeholder="https://www.example.org" value=${origins} onInput=${typed("origins")} />`}`;
}

function needsClient(scope) {
  return scope !== "admin" && !isBound.value;
}

function faultsOf({ scope, clientId, days, origins }) {
  const faults = {};
  if (needsClient(scope) && !clientId) faults.clientId = t("admin.keys.no_client");
  if (days.trim() && !(daysOf(days) >= 1 && daysOf(days) <= 36_500)) faults.days = t("admin.keys.bad_days");
  const { wrong, origins: read } = readOrigins(origins);
  if (scope === "chat" && wrong !== null) faults.origins = t("admin.keys.bad_origin", { origin: wrong });
  else if (scope === "chat" && read.length > 20) faults.origins = t("admin.keys.many_origins");
  return faults;
}

function asked({ scope, clientId, name, days, origins }) {
  const key = { scope, name: name.trim(), origins: scope === "chat" ? readOrigins(origins).origins : [] };
  if (needsClient(scope)) key.client_id = clientId;
  if (days.trim()) key.expires_in_days = daysOf(days);
  return key;
}

/** Whole days, also in Persian or Arabic digits; NaN for what is none. */
function daysOf(text) {
  const latin = text.trim().replace(/[۰-۹]/g, (digit) => digit.charCodeAt(0) - 0x6f0).replace(/[٠-٩]/g, (digit) => digit.charCodeAt(0) - 0x660);
  return /^\d+$/.test(latin) ? Number(latin) : NaN;
}
