// Replacing: a new version of a document, under the name it has.
import { signal } from "@preact/signals";
import { notifyProblem } from "../components/notices.js";
import { t } from "../i18n/language.js";
import { goTo } from "../routing.js";
import { send } from "./dispatch.js";
import { endingOf } from "./picked_files.js";

/**
 * Ask for a file and send it in the document's place.
 * @param {{client_id: string, filename: string}} document
 */
export function replaceWithFile(document) {
  const field = Object.assign(window.document.createElement("input"), { type: "file" });
  field.addEventListener("change", () => {
    const [file] = field.files;
    if (file) replace(document, file);
  });
  field.click();
}

function replace({ client_id: clientId, filename }, file) {
  // The service goes by the ending too: under a wrong one it would not be read.
  if (endingOf(file.name) !== endingOf(filename)) {
    notifyProblem(t("documents.replace.other_kind", { name: filename, ending: `.${endingOf(filename)}` }));
    return;
  }
  send([{ name: filename, file, isUnreadable: false }], { clientId: signal(clientId) });
  // There one sees it arrive; the old one stays until the new one has been read.
  goTo("documents");
}
