// The page begins: sentences, caller, client, then the shell.
import { render } from "preact";
import { html } from "./html.js";
import { addSentences } from "./i18n/language.js";
import { App } from "./shell/app.js";

await addSentences((language) => import(`./i18n/${language}.js`));
render(html`<${App} />`, document.getElementById("page"));
