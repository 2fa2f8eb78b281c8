// The keys: who may do what, and until when.
import { useSignal } from "@preact/signals";
import { caller, isOpen } from "../../account/caller.js";
import { get, remove } from "../../api.js";
import { Button } from "../../components/button.js";
import { confirm } from "../../components/confirm.js";
import { notify, notifyProblem } from "../../components/notices.js";
import { EmptyState } from "../../components/states.js";
import { Table } from "../../components/table.js";
import { html } from "../../html.js";
import { t } from "../../i18n/language.js";
import { Loaded, useLoaded } from "../loaded.js";
import { useSteps } from "../pages.js";
import { Segments } from "../segments.js";
import { SubjectField, ofSubject, subject } from "../subject.js";
import { columns } from "./columns.js";
import { KeyForm } from "./key_form.js";
import { NewKey } from "./new_key.js";
import { Rotation } from "./rotation.js";

const STEP = 50;

export function Keys() {
  const keys = useLoaded((signal) => get("/keys", ofSubject(), signal), subject.value ?? "");
  const status = useSignal("live");
  // What is open above the list: "form", a key that is to be replaced, or one that was just made.
  const isMaking = useSignal(false);
  const rotated = useSignal(null);
  const made = useSignal(null);
  const show = (key) => {
    isMaking.value = false;
    rotated.value = null;
    made.value = key;
    keys.reload();
  };
  const acts = { onRotate: put(rotated), onRevoke: (key) => revoke(key).then(keys.reload) };
  const kinds = ["live", "all"].map((value) => ({ value, title: t(`admin.keys.${value}`) }));
  return html`<p class="muted">${t("admin.keys.text")}</p>
    ${isOpen.value && html`<p class="note">${t("admin.keys.open")}</p>`}
    <div class="filters"><${SubjectField} /><${Segments} label=${t("admin.keys.status")} options=${kinds} value=${status.value} onChoose=${put(status)} />
      <${Button} kind="main" icon="key" onClick=${() => put(isMaking)(true)}>${t("admin.keys.new")}<//></div>
    <${Loaded} from=${keys}>${(answer) => html`<${List} keys=${answer.keys} status=${status.value} ...${acts} />`}<//>
    ${isMaking.value && html`<${KeyForm} onMade=${show} onClose=${() => put(isMaking)(false)} />`}
    ${rotated.value && html`<${Rotation} former=${rotated.value} onMade=${show} onClose=${() => put(rotated)(null)} />`}
    ${made.value && html`<${NewKey} made=${made.value} onClose=${() => put(made)(null)} />`}`;
}

function put(signal) {
  return (value) => {
    signal.value = value;
  };
}

function List({ keys, status, onRotate, onRevoke }) {
  const wanted = status === "all" ? keys : keys.filter((each) => each.status === "live");
  const { shown, rest } = useSteps(wanted, STEP);
  const text = keys.length ? "admin.keys.only_dead" : "admin.keys.empty_text";
  if (!wanted.length) return html`<${EmptyState} icon="key" title=${t("admin.keys.empty")} text=${t(text)} />`;
  return html`<${Table} caption=${t("admin.keys")} rows=${shown} rowKey=${(row) => row.id} columns=${columns(onRotate, onRevoke)} />${rest}`;
}

async function revoke(key) {
  const text = t(key.id === caller.value.key_id ? "admin.revoke.own" : "admin.revoke.text", { name: key.name || key.id });
  if (!(await confirm({ title: t("admin.revoke.title"), text, action: t("admin.revoke") }))) return;
  try {
    await remove(`/keys/${encodeURIComponent(key.id)}`);
    notify(t("admin.revoke.done"));
  } catch (problem) {
    notifyProblem(problem);
  }
}
