// Signing in with a key; the browser keeps a cookie that scripts cannot read, never the key.
import { useSignal } from "@preact/signals";
import { Button } from "../components/button.js";
import { Field } from "../components/field.js";
import { html } from "../html.js";
import { t } from "../i18n/language.js";
import { describe } from "../problem.js";
import { Preferences } from "../shell/preferences.js";
import { signIn } from "./caller.js";
import { settle } from "./clients.js";

export function SignIn() {
  const key = useSignal("");
  const error = useSignal("");
  const isBusy = useSignal(false);
  const submit = async (event) => {
    event.preventDefault();
    if (!key.value.trim() || isBusy.value) return;
    isBusy.value = true;
    error.value = "";
    try {
      await signIn(key.value.trim());
      await settle().catch(() => {});
    } catch (problem) {
      error.value = problem.status === 401 ? t("sign_in.wrong") : describe(problem);
    } finally {
      isBusy.value = false;
    }
  };
  return html`<main class="lonely sign-in">
    <form class="card" onSubmit=${submit}>
      <img src="/static/icon.svg" alt="" width="44" height="44" />
      <h1>${t("sign_in.title")}</h1><p class="muted">${t("sign_in.text")}</p>
      <${Field} label=${t("sign_in.key")} hint=${t("sign_in.hint")} error=${error.value} type="password" name="key"
        dir="ltr" autocomplete="current-password" spellcheck=${false}
        placeholder="crag_…" value=${key.value} onInput=${(event) => { key.value = event.currentTarget.value; }} />
      <div class="row spread"><${Button} kind="main" type="submit" icon="key" busy=${isBusy.value}>${t("sign_in")}<//>
        <${Preferences} /></div>
    </form>
  </main>`;
}
