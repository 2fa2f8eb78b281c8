// The models in the order in which they are asked, and what is left of each one's quota.
import { get } from "../../api.js";
import { Badge } from "../../components/badge.js";
import { Countdown } from "../../components/countdown.js";
import { Progress } from "../../components/progress.js";
import { html } from "../../html.js";
import { duration } from "../../i18n/format.js";
import { knows, t } from "../../i18n/language.js";

const LOOKS = {
  available: { tone: "good", icon: "check" },
  waiting: { tone: "warn", icon: "waiting" },
  unavailable: { tone: "bad", icon: "warning" },
  no_key: { tone: "warn", icon: "key" },
};
const LITTLE = 0.25;
const NEARLY_NOTHING = 0.05;

/** @param {AbortSignal} signal @returns {Promise<{models: any[], askedAt: number}>} Throws Problem. */
export async function askModels(signal) {
  const { models } = await get("/models", {}, signal);
  return { models, askedAt: Date.now() / 1000 };
}

/** @param {{answer: Awaited<ReturnType<typeof askModels>>}} props */
export function Models({ answer }) {
  const { models, askedAt } = answer;
  const hasNoKey = models.some((each) => each.state === "no_key");
  return html`<p class="muted">${t(hasNoKey ? "admin.models.no_key" : "admin.models.text")}</p>
    <ol class="models">${models.map((each) => html`<${Model} key=${each.model} model=${each} askedAt=${askedAt} />`)}</ol>
    <p class="fine">${t("admin.models.extractive")}</p>`;
}

function Model({ model, askedAt }) {
  const wait = model.retry_after !== null && html`<p class="fine">
    <${Countdown} until=${askedAt + model.retry_after} after=${t("admin.models.back")}>${(left) => t("admin.models.back_in", { left })}<//>
  </p>`;
  return html`<li class="one-model">
    <div class="row spread"><h3><bdi dir="ltr">${model.model}</bdi></h3>
      <div class="row"><${Badge}>${t(`admin.role.${model.role}`)}<//><${Badge} ...${LOOKS[model.state]}>${t(`admin.state.${model.state}`)}<//></div></div>
    ${wait}
    <div class="gauges">${model.buckets.map((each) => html`<${Gauge} key=${each.name} bucket=${each} />`)}</div>
  </li>`;
}

function Gauge({ bucket }) {
  const name = knows(`admin.bucket.${bucket.name}`) ? t(`admin.bucket.${bucket.name}`) : bucket.name;
  const left = Math.floor(bucket.left);
  return html`<div class="gauge">
    <${Progress} label=${name} value=${bucket.left} max=${bucket.limit || 1} tone=${tone(bucket)} text=${t("admin.left_of", { left, limit: bucket.limit })} />
    <p class="fine">${bucket.full_in === null ? t("admin.full") : t("admin.full_in", { left: duration(bucket.full_in) })}</p>
  </div>`;
}

function tone({ left, limit }) {
  const share = limit ? left / limit : 0;
  if (share <= NEARLY_NOTHING) return "bad";
  return share <= LITTLE ? "warn" : undefined;
}
