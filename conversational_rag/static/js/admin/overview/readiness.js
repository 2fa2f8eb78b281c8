// Asking how the service's parts are. It stands outside of the API, and "not ready" is an answer like any other.
import { authorization } from "../../api.js";
import { Problem } from "../../problem.js";

const PATIENCE_MS = 20_000;

/**
 * @typedef {{status: "ok" | "starting" | "degraded" | "down", needed: boolean, detail: string | null}} Part
 * @param {AbortSignal} signal
 * @returns {Promise<{status: "ready" | "not_ready", dependencies: Record<string, Part>}>} Throws Problem.
 */
export async function readiness(signal) {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  try {
    const response = await fetch("/readyz", { headers: authorization(), signal: AbortSignal.any([signal, patience]) });
    const answer = await response.json();
    if (answer.dependencies) return answer;
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Problem(patience.aborted ? "timeout" : navigator.onLine ? "unreachable" : "offline");
  }
  throw new Problem("unreachable");
}
