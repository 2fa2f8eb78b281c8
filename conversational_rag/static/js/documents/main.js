// The documents view: the list at #/documents, a document at #/documents/ID/PAGE.
import { useEffect, useRef } from "preact/hooks";
import { html } from "../html.js";
import { addSentences } from "../i18n/language.js";
import { addStyles } from "../shell/styles.js";
import { announceUploads } from "./announcements.js";
import { DocumentView } from "./document_view.js";
import { DocumentsView } from "./documents_view.js";
import { NamesakeQuestion } from "./namesakes.js";
import { NewKey } from "./new_key.js";
import { Receipt } from "./receipt.js";

/** Once, before the first render. */
export async function prepare() {
  await Promise.all([addSentences((language) => import(`./i18n/${language}.js`)), addStyles("documents")]);
  announceUploads();
}

/** @param {{path: string[]}} props */
export function View({ path }) {
  const [documentId, page] = path;
  const last = useRef(null);
  const cameFrom = last.current;
  useEffect(() => {
    last.current = documentId ?? null;
  }, [documentId]);
  const one = () => html`<${DocumentView} key=${documentId} documentId=${documentId} place=${page} />`;
  return html`${documentId ? one() : html`<${DocumentsView} cameFrom=${cameFrom} />`}
    <${NamesakeQuestion} /><${NewKey} /><${Receipt} />`;
}
