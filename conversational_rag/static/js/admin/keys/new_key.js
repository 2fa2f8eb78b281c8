// A key that was just made: this is the one time that it is shown.
import { useSignal } from "@preact/signals";
import { isOpen } from "../../account/caller.js";
import { Button } from "../../components/button.js";
import { confirm } from "../../components/confirm.js";
import { Dialog } from "../../components/dialog.js";
import { html } from "../../html.js";
import { moment } from "../../i18n/format.js";
import { t } from "../../i18n/language.js";
import { CopyField } from "../copy_field.js";

/** @param {{made: any, onClose: () => void}} props */
export function NewKey({ made, onClose }) {
  const isCopied = useSignal(false);
  const copied = () => {
    isCopied.value = true;
  };
  const close = async () => {
    const question = { title: t("admin.new_key.leave"), text: t("admin.new_key.leave_text"), action: t("admin.new_key.leave_action") };
    if (isCopied.value || (await confirm(question))) onClose();
  };
  return html`<${Dialog} title=${t("admin.new_key")} onClose=${close} foot=${html`<${Button} kind="main" onClick=${close}>${t("admin.new_key.stored")}<//>`}>
    <p class="warning">${t("admin.new_key.once")}</p>
    <${CopyField} label=${t("admin.new_key.key")} value=${made.key} autofocus onCopied=${copied} />
    ${made.former && html`<p class="fine" dir="auto">${fate(made.former)}</p>`}
    ${made.origins.length > 0 && html`<${Snippet} made=${made} onCopied=${copied} />`}
  <//>`;
}

function fate({ name, id, status, expires_at }) {
  if (status !== "live") return t("admin.new_key.former_ended", { name: name || id });
  return t("admin.new_key.former", { name: name || id, moment: moment(expires_at) });
}

function Snippet({ made, onCopied }) {
  const text = `<script src="${location.origin}/widget.js"\n  data-key="${made.key}" async></script>`;
  return html`<p>${t("admin.new_key.widget")}</p>
    <ul class="origins">${made.origins.map((each) => html`<li key=${each}><bdi dir="ltr">${each}</bdi></li>`)}</ul>
    <${CopyField} label=${t("admin.new_key.snippet")} value=${text} rows=${5} onCopied=${onCopied} />
    ${isOpen.value && html`<p class="warning">${t("admin.new_key.widget_open")}</p>`}`;
}
