// The audit as a file. A plain link could not say what went wrong, and would not carry a key.
import { request } from "../../api.js";
import { Problem } from "../../problem.js";

const PATIENCE_MS = 300_000;

/**
 * @param {Record<string, unknown>} query the filters
 * Throws Problem.
 */
export async function downloadAudit(query) {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  let file;
  try {
    const response = await request("GET", "/audit/export", { query, signal });
    file = await response.blob();
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem(signal.aborted ? "timeout" : "broken_off");
  }
  const address = URL.createObjectURL(file);
  Object.assign(document.createElement("a"), { href: address, download: `audit-${new Date().toISOString().slice(0, 10)}.jsonl` }).click();
  // The browser reads it after the click.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
