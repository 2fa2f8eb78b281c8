// The page as a whole: who is there, where he is, and what stands around the view.
import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { caller, meet } from "../account/caller.js";
import { settle } from "../account/clients.js";
import { SignIn } from "../account/sign_in.js";
import { isStranger } from "../api.js";
import { Confirm } from "../components/confirm.js";
import { Notices, notifyProblem } from "../components/notices.js";
import { ProblemNote, Skeleton } from "../components/states.js";
import { html } from "../html.js";
import { t } from "../i18n/language.js";
import { place } from "../routing.js";
import { DropArea } from "./drop_area.js";
import { Sidebar, isSidebarOpen } from "./sidebar.js";
import { TopBar } from "./top_bar.js";
import { View, titleOf } from "./views.js";

export function App() {
  const error = useSignal(null);
  const begin = async () => {
    error.value = null;
    try {
      await meet();
      await settle().catch(notifyProblem);
    } catch (problem) {
      if (!isStranger.value) error.value = problem;
    }
  };
  useEffect(() => {
    begin();
  }, []);
  useSignalEffect(() => {
    document.title = `${titleOf(place.value[0])} · ${t("brand")}`;
  });
  return html`${body(error.value, begin)}<${Confirm} /><${Notices} />`;
}

function body(error, begin) {
  if (isStranger.value) return html`<${SignIn} />`;
  if (error) return html`<main class="lonely"><${ProblemNote} error=${error} onRetry=${begin} /></main>`;
  if (caller.value === null) return html`<main class="lonely"><${Skeleton} lines=${4} /></main>`;
  return html`<${Frame} />`;
}

function Frame() {
  const main = useRef(null);
  const isFirst = useRef(true);
  const name = place.value[0];
  useEffect(() => {
    // Whoever goes to another view by the keyboard goes on from there; at the start nobody went anywhere.
    if (!isFirst.current) main.current.focus();
    isFirst.current = false;
  }, [name]);
  return html`<a class="skip" href="#main" onClick=${(event) => { event.preventDefault(); main.current.focus(); }}>
    ${t("skip")}</a>
    <div class="frame">
      <${Sidebar} />
      <div class="beside" inert=${isSidebarOpen.value}><${TopBar} /><main id="main" ref=${main} tabindex="-1">
        <${View} key=${name} place=${place.value} /></main></div>
    </div>
    <${DropArea} />`;
}
