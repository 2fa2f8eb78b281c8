// The bar above the view on a narrow screen, where the sidebar is hidden.
import { useEffect, useRef } from "preact/hooks";
import { IconButton } from "../components/button.js";
import { html } from "../html.js";
import { t } from "../i18n/language.js";
import { addressOf, place } from "../routing.js";
import { isSidebarOpen } from "./sidebar.js";
import { titleOf } from "./views.js";

export function TopBar() {
  const menu = useRef(null);
  const wasOpen = useRef(false);
  const open = isSidebarOpen.value;
  useEffect(() => {
    if (wasOpen.current && !open) menu.current.querySelector("button").focus();
    wasOpen.current = open;
  }, [open]);
  return html`<header class="top-bar">
    <span ref=${menu}><${IconButton} icon="menu" label=${t("menu")} aria-expanded=${open} aria-controls="sidebar"
      onClick=${() => { isSidebarOpen.value = true; }} /></span>
    <span class="top-title">${titleOf(place.value[0])}</span>
    <a class="button icon-only quiet" href=${addressOf("chat")} aria-label=${t("chat.new")} title=${t("chat.new")}>
      <svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M12 5v14M5 12h14" /></svg></a>
  </header>`;
}
