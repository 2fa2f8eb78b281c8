// The key of a client that an upload has made: the service tells it once, so it must be put away now.
import { Button } from "../components/button.js";
import { Dialog } from "../components/dialog.js";
import { notify, notifyProblem } from "../components/notices.js";
import { html } from "../html.js";
import { t } from "../i18n/language.js";
import { newKey } from "./uploads.js";

/** Stands once in the view. */
export function NewKey() {
  if (newKey.value === null) return null;
  const { clientId, key } = newKey.value;
  const close = () => {
    newKey.value = null;
  };
  const foot = html`<${Button} icon="copy" onClick=${() => copy(key)}>${t("copy")}<//>
    <${Button} kind="main" onClick=${close}>${t("documents.key.kept")}<//>`;
  return html`<${Dialog} title=${t("documents.key.title")} onClose=${close} foot=${foot}>
    <p>${t("documents.key.text", { name: clientId })}</p><p><code class="secret" dir="ltr">${key}</code></p>
  <//>`;
}

async function copy(text) {
  try {
    // Pages that are not encrypted have no clipboard at all.
    await navigator.clipboard.writeText(text);
    notify(t("copied"));
  } catch {
    notifyProblem(t("copy_failed"));
  }
}
