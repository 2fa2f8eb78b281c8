// How each part is that the service leans on, in words.
import { Badge } from "../../components/badge.js";
import { html } from "../../html.js";
import { knows, t } from "../../i18n/language.js";

const LOOKS = {
  ok: { tone: "good", icon: "check" },
  starting: { tone: "warn", icon: "waiting" },
  degraded: { tone: "warn", icon: "warning" },
  down: { tone: "bad", icon: "warning" },
};

/** @param {{state: Awaited<ReturnType<typeof import("./readiness.js").readiness>>}} props */
export function Health({ state }) {
  const parts = Object.entries(state.dependencies);
  const works = parts.every(([, part]) => part.status === "ok");
  const whole = state.status !== "ready" ? "not_ready" : works ? "works" : "limited";
  return html`<p>${t(`admin.health.${whole}`)}</p>
    <ul class="parts">${parts.map(([name, part]) => html`<${Part} key=${name} name=${name} part=${part} />`)}</ul>`;
}

function Part({ name, part }) {
  const known = `admin.health.${name}`;
  return html`<li>
    <div class="row spread"><strong>${knows(known) ? t(known) : name}</strong><${Badge} ...${LOOKS[part.status]}>${t(`admin.status.${part.status}`)}<//></div>
    <p class="fine">${meaning(known, part)}</p>
    ${part.status !== "ok" && part.detail && html`<p class="fine said" dir="auto">${part.detail}</p>`}
  </li>`;
}

function meaning(known, { status, needed }) {
  if (knows(`${known}.${status}`)) return t(`${known}.${status}`);
  return t(needed ? "admin.health.needed" : "admin.health.spared");
}
