// The sidebar: where one can go, the conversations, whose documents are asked, and the page's settings.
import { signal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { caller, isOpen, may, signOut } from "../account/caller.js";
import { ClientSwitch } from "../account/client_switch.js";
import { ButtonLink, IconButton } from "../components/button.js";
import { Icon } from "../components/icon.js";
import { notifyProblem } from "../components/notices.js";
import { SessionList } from "../chat/session_list.js";
import { html } from "../html.js";
import { t } from "../i18n/language.js";
import { addressOf, place } from "../routing.js";
import { Preferences } from "./preferences.js";
import { VIEWS, titleOf } from "./views.js";

/** Whether it is open on a narrow screen, where it lies over the view. */
export const isSidebarOpen = signal(false);

export function Sidebar() {
  const frame = useRef(null);
  useSignalEffect(() => {
    place.value;
    isSidebarOpen.value = false;
  });
  const open = isSidebarOpen.value;
  useEffect(() => {
    if (!open) return undefined;
    frame.current.querySelector("a, button").focus();
    const closing = (event) => event.key === "Escape" && close();
    window.addEventListener("keydown", closing);
    return () => window.removeEventListener("keydown", closing);
  }, [open]);
  return html`<div class=${open ? "veil open" : "veil"} onClick=${close}></div>
    <aside ref=${frame} id="sidebar" class=${open ? "sidebar open" : "sidebar"} aria-label=${t("sidebar")}>
      <div class="sidebar-head"><${Brand} /><${IconButton} class="sidebar-close" icon="close" label=${t("close")}
        onClick=${close} /></div>
      <${ButtonLink} kind="main" icon="add" href=${addressOf("chat")} class="wide" data-new-chat>${t("chat.new")}<//>
      <nav class="views" aria-label=${t("views")}>
        ${Object.keys(VIEWS).filter((name) => may(VIEWS[name].needs)).map(link)}</nav>
      <${SessionList} />
      <div class="sidebar-foot"><${ClientSwitch} /><div class="row spread"><${Preferences} />
        ${!isOpen.value && html`<${Leave} />`}</div></div>
    </aside>`;
}

export function Brand() {
  return html`<a class="brand" href=${addressOf("chat")}><img src="/static/icon.svg" alt="" width="28" height="28" />
    <span>${t("brand")}</span></a>`;
}

function Leave() {
  return html`<${IconButton} icon="leave"
    label=${caller.value?.name ? t("sign_out_of", { name: caller.value.name }) : t("sign_out")}
    onClick=${() => signOut().catch(notifyProblem)} />`;
}

function link(name) {
  return html`<a key=${name} href=${addressOf(name)} aria-current=${place.value[0] === name ? "page" : null}>
    <${Icon} name=${VIEWS[name].icon} /><span>${titleOf(name)}</span></a>`;
}

function close() {
  isSidebarOpen.value = false;
}
