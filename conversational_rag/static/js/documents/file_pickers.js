// File pickers: the buttons that open the browser's own windows for files and for a folder.
import { useRef } from "preact/hooks";
import { Button } from "../components/button.js";
import { html } from "../html.js";
import { t } from "../i18n/language.js";
import { handOver } from "../shell/dropped_files.js";
import { isTouched } from "../shell/screen.js";

/** Phones have no folders to choose. @param {{children?: any}} props */
export function FilePickers({ children }) {
  return html`<${Picker} kind="main" icon="upload" multiple>${t("documents.choose_files")}<//>
    ${!isTouched.value && html`<${Picker} icon="folder" webkitdirectory>${t("documents.choose_folder")}<//>`}
    ${children}`;
}

function Picker({ kind, icon, children, ...about }) {
  const field = useRef(null);
  const given = (event) => {
    handOver(event.currentTarget.files);
    // The same file may be meant again.
    event.currentTarget.value = "";
  };
  return html`<${Button} kind=${kind} icon=${icon} onClick=${() => field.current.click()}>${children}<//>
    <input ref=${field} type="file" ...${about} hidden tabindex="-1" aria-hidden="true" onChange=${given} />`;
}
