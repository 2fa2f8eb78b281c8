// What the audit's actions are called. Any operation can be refused, so there are more than those.
import { knows, t } from "../../i18n/language.js";

/** Those that are written down whenever they are done. */
export const ACTIONS = [
  "sign_in",
  "ingest",
  "ingest_url",
  "cancel_ingest_job",
  "delete_document",
  "delete_collection",
  "delete_session",
  "delete_chat_session",
  "rename_session",
  "cleanup_sessions",
  "create_key",
  "rotate_key",
  "revoke_key",
  "refusals_left_out",
  "reindex",
  "restore",
  "import",
  "compact",
  "repair",
];

/** @param {string} action @returns {string} */
export function actionName(action) {
  return knows(`admin.action.${action}`) ? t(`admin.action.${action}`) : action;
}
