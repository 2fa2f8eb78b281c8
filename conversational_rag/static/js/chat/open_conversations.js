// The conversations that this page has open, so that one which is being answered is not lost by looking elsewhere.
import { choose, client, isBound, ofClient } from "../account/clients.js";
import { place, settleAt } from "../routing.js";
import { Conversation } from "./conversation.js";
import { refreshSessions } from "./sessions.js";

const MOST_OPEN = 20;
const open = new Map();
let begun = null;
let begunFor = null;

/**
 * @param {string | null} sessionId null: a new one, or the one that was begun and has no name yet
 * @returns {Conversation}
 */
export function conversationOf(sessionId) {
  return sessionId === null ? fresh() : stored(sessionId);
}

/** @param {string} sessionId a session that was deleted */
export function close(sessionId) {
  open.get(sessionId)?.stop();
  open.delete(sessionId);
}

function fresh() {
  if (begun === null || begun.id.value !== null || begunFor !== client.value) {
    begunFor = client.value;
    begun = new Conversation(null, { ofClient: clientOf(begunFor), named, answered: refreshSessions });
  }
  return begun;
}

function stored(sessionId) {
  let conversation = open.get(sessionId);
  if (!conversation) {
    conversation = new Conversation(sessionId, { ofClient, answered: refreshSessions });
    keep(sessionId, conversation);
    conversation.load().then(() => {
      // Whoever may ask several clients' documents goes on with those that the conversation is about.
      const { clientId } = conversation;
      conversation.links.ofClient = clientOf(clientId);
      const isHere = place.value[0] === "chat" && place.value[1] === sessionId;
      if (clientId && isHere && !isBound.value && clientId !== client.value) choose(clientId);
    });
  }
  return conversation;
}

function clientOf(clientId) {
  return () => (isBound.value || !clientId ? {} : { client_id: clientId });
}

function named(conversation) {
  keep(conversation.id.value, conversation);
  if (place.value[0] === "chat" && place.value.length === 1) settleAt("chat", conversation.id.value);
  refreshSessions();
}

function keep(sessionId, conversation) {
  open.set(sessionId, conversation);
  const idle = [...open].filter(([id, each]) => id !== sessionId && !each.isBusy.value);
  if (open.size > MOST_OPEN && idle.length) open.delete(idle[0][0]);
}
