// Files can be dropped on the page wherever one is.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { may } from "../account/caller.js";
import { Icon } from "../components/icon.js";
import { html } from "../html.js";
import { t } from "../i18n/language.js";
import { handOver } from "./dropped_files.js";
import { filesOf } from "./file_tree.js";

export function DropArea() {
  const isOver = useSignal(false);
  useEffect(() => {
    if (!may("manage")) return undefined;
    // Entering a child leaves its parent: only the balance tells when the page itself was left.
    let depth = 0;
    const listeners = {
      dragenter: (event) => holdsFiles(event) && ((depth += 1), (isOver.value = true)),
      dragover: (event) => holdsFiles(event) && event.preventDefault(),
      dragleave: (event) => holdsFiles(event) && (depth -= 1) <= 0 && ((depth = 0), (isOver.value = false)),
      drop: (event) => {
        if (!holdsFiles(event)) return;
        depth = 0;
        isOver.value = false;
        // A view may have taken them itself.
        if (!event.defaultPrevented) filesOf(event.dataTransfer).then(handOver);
        event.preventDefault();
      },
    };
    for (const [name, listener] of Object.entries(listeners)) window.addEventListener(name, listener);
    return () => Object.entries(listeners).forEach(([name, listener]) => window.removeEventListener(name, listener));
  }, []);
  return isOver.value && html`<div class="drop-area" aria-hidden="true"><div><${Icon} name="upload" /><p>${t("drop")}
  </p></div></div>`;
}

function holdsFiles(event) {
  return event.dataTransfer?.types.includes("Files") ?? false;
}
