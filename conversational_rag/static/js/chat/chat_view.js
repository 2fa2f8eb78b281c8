// The chat view: the conversation that the address names, or a new one.
import { client } from "../account/clients.js";
import { html } from "../html.js";
import { t } from "../i18n/language.js";
import { ConversationPane } from "./conversation_pane.js";
import { conversationOf } from "./open_conversations.js";
import { found } from "./sessions.js";
import { Welcome } from "./welcome.js";

/** @param {{sessionId: string | null}} props */
export function ChatView({ sessionId }) {
  const conversation = conversationOf(sessionId);
  const listed = found.value.sessions?.find((each) => each.session_id === sessionId);
  // The list knows a new name first; a conversation that was found by its address may not stand in it.
  const title = listed?.title ?? (conversation.title.value || conversation.turns.value[0]?.question || t("chat.new"));
  return html`<${ConversationPane} key=${conversation.key} conversation=${conversation} title=${title}
    isReady=${client.value !== null} welcome=${(ask) => html`<${Welcome} onAsk=${ask} />`} />`;
}
