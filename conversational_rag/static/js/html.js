// The template tag of all components: html`<p>…</p>` makes Preact elements, without a build step.
import { h } from "preact";
import htm from "htm";

export const html = htm.bind(h);
