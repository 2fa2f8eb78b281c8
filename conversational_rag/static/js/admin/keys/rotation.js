// A key in the place of another one.
import { useSignal } from "@preact/signals";
import { post } from "../../api.js";
import { Button } from "../../components/button.js";
import { Dialog } from "../../components/dialog.js";
import { Field } from "../../components/field.js";
import { ProblemNote } from "../../components/states.js";
import { html } from "../../html.js";
import { t } from "../../i18n/language.js";

const GRACES = { at_once: 0, hour: 3600, day: 86_400, week: 604_800, month: 2_592_000 };

/** @param {{former: any, onMade: (made: any) => void, onClose: () => void}} props */
export function Rotation({ former, onMade, onClose }) {
  const grace = useSignal("day");
  const error = useSignal(null);
  const isBusy = useSignal(false);
  const rotate = async () => {
    isBusy.value = true;
    error.value = null;
    try {
      onMade(await post(`/keys/${encodeURIComponent(former.id)}/rotate`, { grace_seconds: GRACES[grace.value] }));
    } catch (problem) {
      error.value = problem;
    } finally {
      isBusy.value = false;
    }
  };
  const choose = (event) => {
    grace.value = event.currentTarget.value;
  };
  const foot = html`<${Button} onClick=${onClose}>${t("cancel")}<//><${Button} kind="main" busy=${isBusy.value} onClick=${rotate}>${t("admin.rotate")}<//>`;
  return html`<${Dialog} title=${t("admin.rotate.title")} onClose=${onClose} foot=${foot}>
    <p dir="auto">${t("admin.rotate.text", { name: former.name || former.id })}</p>
    <${Field} as="select" label=${t("admin.rotate.grace")} dir=${null} autofocus value=${grace.value} onChange=${choose}>
      ${Object.keys(GRACES).map((each) => html`<option key=${each} value=${each} selected=${each === grace.value}>${t(`admin.grace.${each}`)}</option>`)}
    <//>
    ${error.value && html`<${ProblemNote} error=${error.value} />`}
  <//>`;
}
