// One of a few: radio buttons that look like one bar.
import { useId } from "preact/hooks";
import { html } from "../html.js";

/** @param {{label: string, options: {value: string, title: string}[], value: string, onChoose: (value: string) => void}} props */
export function Segments({ label, options, value, onChoose }) {
  const name = useId();
  return html`<fieldset class="segments"><legend>${label}</legend><div>
    ${options.map((each) => html`<label key=${each.value}>
      <input type="radio" name=${name} value=${each.value} checked=${each.value === value} onChange=${() => onChoose(each.value)} /><span>${each.title}</span>
    </label>`)}
  </div></fieldset>`;
}
