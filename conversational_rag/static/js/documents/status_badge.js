// How a document stands, in a word.
import { Badge } from "../components/badge.js";
import { html } from "../html.js";
import { t } from "../i18n/language.js";

const LOOKS = {
  ready: { tone: "good", icon: "check" },
  unchanged: { tone: "good", icon: "check" },
  partial: { tone: "warn", icon: "warning" },
  empty: { tone: "warn", icon: "warning" },
  failed: { tone: "bad", icon: "warning" },
  refused: { tone: "bad", icon: "warning" },
  unsent: { tone: "bad", icon: "warning" },
  cancelled: { tone: "neutral", icon: "stop" },
};
const ON_ITS_WAY = { tone: "neutral", icon: "waiting" };

/** @param {{of: {status: string, code?: string | null}}} props a document, or a file that is on its way */
export function StatusBadge({ of: { status, code } }) {
  // It did not fail: somebody wanted it so.
  const shown = code === "upload_cancelled" ? "cancelled" : status;
  const { tone, icon } = LOOKS[shown] ?? ON_ITS_WAY;
  return html`<${Badge} tone=${tone} icon=${icon}>${t(`documents.status.${shown}`)}<//>`;
}
