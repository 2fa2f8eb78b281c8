// Target: whose documents files become. Where no client is chosen yet the first upload makes one, and those behind it
// share it.
import { signal } from "@preact/signals";
import { client, isBound } from "../account/clients.js";

/** @typedef {{clientId: import("@preact/signals").Signal<string | null>}} Target */

let unmade = null;

/** @returns {Target} for files that are added now */
export function currentTarget() {
  if (client.value !== null) return { clientId: signal(client.value) };
  if (unmade === null || unmade.clientId.value !== null) unmade = { clientId: signal(null) };
  return unmade;
}

/**
 * What a request about this client's things says of it.
 * @param {string | null} clientId
 * @returns {{client_id?: string}} nothing for a key that is bound to its client
 */
export function named(clientId) {
  return isBound.value || clientId === null ? {} : { client_id: clientId };
}
