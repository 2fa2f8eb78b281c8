// Whose documents are asked: the client (a collection), chosen by whoever may choose.
import { computed, signal } from "@preact/signals";
import { get } from "../api.js";
import { recall, remember } from "../storage.js";
import { caller, may } from "./caller.js";

const chosen = signal(recall("client"));

/** Those this browser has made or used, the last used first. */
export const known = signal(recall("clients") ?? []);

/** Whether the caller's key is for one client, which need not be named and cannot be changed. */
export const isBound = computed(() => Boolean(caller.value?.client_id));

/** The client that is asked now; null: none yet. */
export const client = computed(() => caller.value?.client_id ?? chosen.value);

/** Goes up whenever documents came or went, so that views which tell of them look again. */
export const documentsVersion = signal(0);

/**
 * What a request about one client's things sends as query or body.
 * @returns {{client_id?: string}} nothing for a key that is bound to its client
 */
export function ofClient() {
  return isBound.value || client.value === null ? {} : { client_id: client.value };
}

/**
 * Ask this client's documents from now on; null asks nobody's. An upload that has made a client calls it too.
 * @param {string | null} clientId
 */
export function choose(clientId) {
  chosen.value = clientId;
  remember("client", clientId);
  if (clientId === null) return;
  known.value = [clientId, ...known.value.filter((each) => each !== clientId)].slice(0, 50);
  remember("clients", known.value);
}

/**
 * It has gone, or is not found any more.
 * @param {string} clientId
 */
export function forget(clientId) {
  known.value = known.value.filter((each) => each !== clientId);
  remember("clients", known.value);
  if (chosen.value === clientId) choose(null);
}

/**
 * The clients one can choose among: {client_id, document_count, files}. Throws Problem.
 * @returns {Promise<{client_id: string, document_count: number, files: number}[]>}
 */
export async function listClients() {
  if (!may("manage")) return [];
  const found = (await get("/chat/collections")).collections;
  const place = new Map(known.value.map((clientId, index) => [clientId, index]));
  const rank = (each) => place.get(each.client_id) ?? known.value.length;
  return found.sort((one, other) => rank(one) - rank(other) || one.client_id.localeCompare(other.client_id));
}

/** At the start: what was chosen last time may be gone; where there is but one, there is no choice. */
export async function settle() {
  if (isBound.value || !may("manage")) return;
  const found = await listClients();
  const there = new Set(found.map((each) => each.client_id));
  for (const gone of known.value.filter((each) => !there.has(each))) forget(gone);
  if (client.value !== null && !there.has(client.value)) choose(null);
  if (client.value === null && found.length === 1) choose(found[0].client_id);
}
