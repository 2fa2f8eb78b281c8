// What stands in the way of the uploads, and when or how they go on.
import { Button } from "../components/button.js";
import { Countdown } from "../components/countdown.js";
import { Icon } from "../components/icon.js";
import { html } from "../html.js";
import { t } from "../i18n/language.js";
import { describe } from "../problem.js";
import { sendAgain } from "./dispatch.js";
import { uploadsHere } from "./uploads.js";

/** Nothing where nothing does. */
export function Obstacles() {
  const at = (stage) => uploadsHere.value.find((each) => each.stage.value === stage);
  const [paused, unsent] = [at("paused"), at("unsent")];
  const isLost = uploadsHere.value.some((each) => each.stage.value === "working" && each.isLost.value);
  return html`${paused && html`<${Paused} upload=${paused} />`}
    ${isLost && html`<${Obstacle} tone="warn" text=${t("documents.lost")} />`}
    ${unsent &&
    html`<${Obstacle} tone="bad" text=${describe(unsent.problem.value)}>
      <div><${Button} icon="again" onClick=${sendAgain}>${t("documents.send_again")}<//></div>
    <//>`}`;
}

function Paused({ upload }) {
  const until = upload.resumesAt.value;
  return html`<${Obstacle} tone="warn" text=${describe(upload.problem.value)}>
    <p>
      <${Countdown} key=${until} until=${until} after=${t("documents.trying")}>
        ${(left) => t("documents.goes_on_in", { left })}
      <//>
    </p>
  <//>`;
}

function Obstacle({ tone, text, children }) {
  return html`<div class=${`obstacle ${tone}`}>
    <${Icon} name="warning" /><div><p dir="auto">${text}</p>${children}</div>
  </div>`;
}
