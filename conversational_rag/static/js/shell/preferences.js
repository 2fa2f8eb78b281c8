// The page's own settings: language and colours.
import { signal, useSignal } from "@preact/signals";
import { Button } from "../components/button.js";
import { Dialog } from "../components/dialog.js";
import { Field } from "../components/field.js";
import { html } from "../html.js";
import { LANGUAGES, language, speak, t } from "../i18n/language.js";
import { notifyProblem } from "../components/notices.js";
import { Problem } from "../problem.js";
import { rememberWord } from "../storage.js";

const THEMES = ["system", "light", "dark"];
const theme = signal(document.documentElement.dataset.theme ?? "system");

export function Preferences() {
  const isOpen = useSignal(false);
  return html`<${Button} kind="quiet" class="small" icon="settings" onClick=${() => { isOpen.value = true; }}>
    ${t("preferences")}<//>
    ${isOpen.value && html`<${Dialog} title=${t("preferences")} onClose=${() => { isOpen.value = false; }}>
      <${Choices} /><//>`}`;
}

function Choices() {
  const spoken = (event) => speak(event.currentTarget.value).catch(() => notifyProblem(new Problem("unreachable")));
  return html`<${Field} as="select" label=${t("language")} value=${language.value} onChange=${spoken}>
      ${Object.entries(LANGUAGES).map(([id, name]) => html`<option key=${id} value=${id} lang=${id}>${name}</option>`)}
    <//>
    <fieldset class="choice"><legend>${t("theme")}</legend>
      ${THEMES.map((each) => html`<label key=${each}><input type="radio" name="theme" value=${each}
        checked=${theme.value === each} onChange=${() => paint(each)} /><span>${t(`theme.${each}`)}</span></label>`)}
    </fieldset>`;
}

function paint(wanted) {
  theme.value = wanted;
  if (wanted === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = wanted;
  rememberWord("theme", wanted === "system" ? null : wanted);
}
