// A text that is there to be copied.
import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { Button } from "../components/button.js";
import { notifyProblem, say } from "../components/notices.js";
import { html } from "../html.js";
import { t } from "../i18n/language.js";

/** @param {{label: string, value: string, rows?: number, autofocus?: boolean, onCopied?: () => void}} props `rows`: more than one line is shown */
export function CopyField({ label, value, rows = 1, autofocus = false, onCopied }) {
  const id = useId();
  const isCopied = useSignal(false);
  const done = () => {
    isCopied.value = true;
    onCopied?.();
  };
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(value);
    } catch {
      // No permission, or a page that did not come over https.
      document.getElementById(id).select();
      notifyProblem(t("copy_failed"));
      return;
    }
    say(t("copied"));
    done();
  };
  const common = { id, readOnly: true, dir: "ltr", spellcheck: false, onFocus: (event) => event.currentTarget.select(), onCopy: done };
  return html`<div class=${`field copy-field ${rows > 1 ? "long" : ""}`}><label for=${id}>${label}</label>
    <div class="row">${rows > 1 ? html`<textarea ...${common} rows=${rows} value=${value}></textarea>` : html`<input ...${common} value=${value} />`}
      <${Button} autofocus=${autofocus} icon=${isCopied.value ? "check" : "copy"} onClick=${copy}>${t(isCopied.value ? "copied" : "copy")}<//></div>
  </div>`;
}
