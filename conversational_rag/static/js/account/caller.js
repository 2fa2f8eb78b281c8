// Who uses the page, and what he may do.
import { computed, signal } from "@preact/signals";
import { get, isStranger, post } from "../api.js";
import { forgetUser, recall, remember } from "../storage.js";

const SCOPES = ["chat", "manage", "admin"];

/** As GET /auth/me tells it; null before it is known. */
export const caller = signal(null);

/** Without keys everybody who reaches the service may do everything. */
export const isOpen = computed(() => caller.value?.auth_mode === "open");

/** Learn who it is. Throws Problem; with 401 `isStranger` is true afterwards. */
export async function meet() {
  const met = await get("/auth/me");
  if (recall("key") !== met.key_id) await beginAs(met.key_id);
  caller.value = met;
  isStranger.value = false;
}

/** Somebody else: nothing of the one before him may be left, neither in storage nor in this page's memory. */
async function beginAs(keyId) {
  const wasSomebody = recall("key") !== null;
  if (wasSomebody) forgetUser();
  remember("key", keyId);
  if (wasSomebody) await restart();
}

/** The page from its beginning; what waits for this waits for ever, since the page goes. */
function restart() {
  history.replaceState(null, "", "#/chat");
  location.reload();
  return new Promise(() => {});
}

/**
 * @param {"chat" | "manage" | "admin"} scope
 * @returns {boolean}
 */
export function may(scope) {
  return SCOPES.indexOf(caller.value?.scope ?? "") >= SCOPES.indexOf(scope);
}

/**
 * Exchange a key for the browser's cookie. Throws Problem.
 * @param {string} key
 */
export async function signIn(key) {
  await post("/auth/sign-in", { key });
  await meet();
}

/** End it. */
export async function signOut() {
  await post("/auth/sign-out", {});
  forgetUser();
  await restart();
}
