// A web page as a document: the service fetches it, where it may.
import { useSignal } from "@preact/signals";
import { caller } from "../account/caller.js";
import { call } from "../api.js";
import { Button } from "../components/button.js";
import { Dialog } from "../components/dialog.js";
import { Field } from "../components/field.js";
import { html } from "../html.js";
import { t } from "../i18n/language.js";
import { adopt } from "./jobs.js";
import { reasonOf } from "./reason.js";
import { currentTarget, named } from "./target.js";

const PATIENCE_MS = 120_000;

/** The button, where the service fetches any. */
export function WebPageButton() {
  const isOpen = useSignal(false);
  const open = () => {
    isOpen.value = true;
  };
  const close = () => {
    isOpen.value = false;
  };
  return html`${caller.value.uploads.from_web && html`<${Button} icon="language" onClick=${open}>${t("documents.web")}<//>`}
    ${isOpen.value && html`<${WebPage} onClose=${close} />`}`;
}

function WebPage({ onClose }) {
  const url = useSignal("");
  const error = useSignal("");
  const isBusy = useSignal(false);
  const submit = async (event) => {
    event.preventDefault();
    if (isBusy.value) return;
    error.value = URL.canParse(url.value.trim()) ? "" : t("documents.web.no_url");
    if (error.value) return;
    isBusy.value = true;
    try {
      adopt(await fetched(url.value.trim()));
      onClose();
    } catch (problem) {
      error.value = reasonOf({ status: "failed", code: problem.code, error: problem.detail });
    } finally {
      isBusy.value = false;
    }
  };
  const typed = (event) => {
    url.value = event.currentTarget.value;
  };
  const foot = html`<${Button} onClick=${onClose}>${t("cancel")}<//>
    <${Button} kind="main" type="submit" form="web-page" busy=${isBusy.value}>
      ${isBusy.value ? t("documents.web.fetching") : t("documents.web.add")}
    <//>`;
  return html`<${Dialog} title=${t("documents.web")} onClose=${onClose} foot=${foot}>
    <form id="web-page" onSubmit=${submit} novalidate>
      <${Field} label=${t("documents.web.url")} hint=${t("documents.web.hint")} error=${error.value} type="url"
        dir="ltr" autofocus inputmode="url" autocomplete="off" placeholder="https://" value=${url.value}
        onInput=${typed} />
    </form>
  <//>`;
}

function fetched(url) {
  const body = { url, ...named(currentTarget().clientId.value) };
  return call("POST", "/ingest/url", { body, query: { background: true }, patienceMs: PATIENCE_MS });
}
