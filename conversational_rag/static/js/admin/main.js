// The administration: how the service is, whose collections there are, who may do what, and what has happened.
import { useEffect, useRef } from "preact/hooks";
import { may } from "../account/caller.js";
import { Tabs } from "../components/tabs.js";
import { html } from "../html.js";
import { addSentences, t } from "../i18n/language.js";
import { addressOf } from "../routing.js";
import { addStyles } from "../shell/styles.js";
import { Audit } from "./audit/audit.js";
import { Clients } from "./clients/clients.js";
import { Feedback } from "./feedback.js";
import { Keys } from "./keys/keys.js";
import { Overview } from "./overview/overview.js";
import { Sessions } from "./sessions/sessions.js";
import { Usage } from "./usage/usage.js";

// In the order of the tabs. What one client's key may not see is not offered to it; the service would refuse it too.
const PLACES = [
  { name: "overview", needs: "admin", Place: Overview },
  { name: "clients", needs: "manage", Place: Clients },
  { name: "keys", needs: "manage", Place: Keys },
  { name: "sessions", needs: "manage", Place: Sessions },
  { name: "usage", needs: "manage", Place: Usage },
  { name: "feedback", needs: "manage", Place: Feedback },
  { name: "audit", needs: "admin", Place: Audit },
];

/** Before the view is rendered for the first time. */
export async function prepare() {
  await Promise.all([addSentences((language) => import(`./i18n/${language}.js`)), addStyles("admin")]);
}

/** @param {{path: string[]}} props the rest of the place: ["sessions", "SESSION"] */
export function View({ path }) {
  const places = PLACES.filter((each) => may(each.needs));
  const here = places.find((each) => each.name === path[0]) ?? places[0];
  const tabs = places.map(({ name }) => ({ href: addressOf("admin", name), title: t(`admin.${name}`), isHere: name === here.name }));
  const view = useRef(null);
  useEffect(() => {
    // On a phone the tabs are wider than the screen.
    view.current.querySelector(".tabs [aria-current]").scrollIntoView({ inline: "center", block: "nearest" });
  }, [here.name]);
  return html`<div ref=${view} class="view admin">
    <header class="view-head"><h1>${t("view.admin")}</h1></header>
    <${Tabs} label=${t("view.admin")} tabs=${tabs} />
    <${here.Place} key=${here.name} path=${path.slice(1)} />
  </div>`;
}
