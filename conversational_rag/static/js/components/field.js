// A labelled field, with what is wrong about its content.
import { useId } from "preact/hooks";
import { html } from "../html.js";

/**
 * @param {object} props what is not told here goes to the field itself
 * @param {string} props.label
 * @param {string} [props.hint]
 * @param {string} [props.error]
 * @param {"input" | "textarea" | "select"} [props.as]
 * @param {boolean} [props.hideLabel] show it to screen readers alone
 */
export function Field({ label, hint, error, as = "input", hideLabel = false, children, class: extra = "", ...rest }) {
  const id = useId();
  const told = [hint && `${id}h`, error && `${id}e`].filter(Boolean).join(" ") || null;
  return html`<div class=${`field ${extra}`}>
    <label for=${id} class=${hideLabel ? "unseen" : ""}>${label}</label>
    <${as} dir=${rest.value ? "auto" : null} ...${rest} id=${id} aria-describedby=${told}
      aria-invalid=${error ? "true" : null}>${as === "input" ? undefined : children}<//>
    ${hint && html`<p id=${`${id}h`} class="hint">${hint}</p>`}
    ${error && html`<p id=${`${id}e`} class="field-error" role="alert">${error}</p>`}
  </div>`;
}
