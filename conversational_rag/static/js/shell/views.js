// The views, by the first part of the place. Those that the first answer does not need are loaded when one goes there.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { may } from "../account/caller.js";
import { ButtonLink } from "../components/button.js";
import { EmptyState, ProblemNote, Skeleton } from "../components/states.js";
import { ChatView } from "../chat/chat_view.js";
import { html } from "../html.js";
import { t } from "../i18n/language.js";
import { Problem } from "../problem.js";
import { addressOf } from "../routing.js";

/** `needs`: the scope without which a view is not offered; `load`: a module with `View`, and `prepare` if it must. */
export const VIEWS = {
  chat: { icon: "chat", needs: "chat" },
  documents: { icon: "document", needs: "manage", load: () => import("../documents/main.js") },
  admin: { icon: "admin", needs: "manage", load: () => import("../admin/main.js") },
};

const loaded = new Map();

/** @param {string} name @returns {string} */
export function titleOf(name) {
  return name in VIEWS ? t(`view.${name}`) : t("view.unknown");
}

/** @param {{place: string[]}} props */
export function View({ place }) {
  const [name, ...path] = place;
  if (name === "chat") return html`<${ChatView} sessionId=${path[0] ?? null} />`;
  if (!(name in VIEWS)) return html`<${Nowhere} />`;
  if (!may(VIEWS[name].needs)) return html`<${EmptyState} icon="key" title=${titleOf(name)}
    text=${t("view.narrow")} isView />`;
  return html`<${Lazy} name=${name} path=${path} />`;
}

function Nowhere() {
  return html`<${EmptyState} icon="search" title=${t("view.unknown")} text=${t("view.unknown_text")} isView>
    <${ButtonLink} kind="main" href=${addressOf("chat")}>${t("view.chat")}<//>
  <//>`;
}

function Lazy({ name, path }) {
  const error = useSignal(null);
  const module = useSignal(loaded.get(name) ?? null);
  const load = async () => {
    error.value = null;
    try {
      const found = await VIEWS[name].load();
      if (!loaded.has(name)) await found.prepare?.();
      loaded.set(name, found);
      module.value = found;
    } catch (problem) {
      console.error(problem);
      // A module that does not come is a TypeError; anything else is wrong with the module itself.
      error.value = problem instanceof TypeError ? new Problem("unreachable") : problem;
    }
  };
  useEffect(() => {
    if (!module.value) load();
  }, []);
  if (error.value) return html`<div class="view"><${ProblemNote} error=${error.value} onRetry=${load} /></div>`;
  if (!module.value) return html`<div class="view"><${Skeleton} lines=${6} /></div>`;
  return html`<${module.value.View} path=${path} />`;
}
