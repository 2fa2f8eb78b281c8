// Drafts: what was begun to be written in each conversation, kept until it is sent.
import { recall, remember } from "../storage.js";

const MOST = 30;

/** @param {string | null} sessionId null: of the one that has not begun @returns {string} */
export function draftOf(sessionId) {
  return (recall("drafts") ?? {})[sessionId ?? "new"] ?? "";
}

/** @param {string | null} sessionId @param {string} text "" forgets it */
export function keepDraft(sessionId, text) {
  const { [sessionId ?? "new"]: _, ...others } = recall("drafts") ?? {};
  const all = text.trim() ? { ...others, [sessionId ?? "new"]: text } : others;
  remember("drafts", Object.fromEntries(Object.entries(all).slice(-MOST)));
}
