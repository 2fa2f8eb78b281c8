"""What each operation takes. One that does not stand here is refused to everybody; a test compares the lists."""

from collections.abc import Mapping
from dataclasses import dataclass

from conversational_rag.security.principals import Scope


@dataclass(frozen=True, slots=True)
class Permission:
    """The scope that an operation needs, None when it needs no key; `audited`: it is written down who did it."""

    scope: Scope | None
    audited: bool = False


_PUBLIC, _CHAT, _MANAGE, _ADMIN = Permission(None), *(Permission(scope) for scope in Scope)
_CHANGES, _RULES = Permission(Scope.MANAGE, audited=True), Permission(Scope.ADMIN, audited=True)

# By the operation's id in the OpenAPI document; a WebSocket by its route's name. Questions are not audited: who asked
# what stands in the session.
PERMISSIONS: Mapping[str, Permission] = {
    "health": _PUBLIC,
    "healthz": _PUBLIC,
    "readyz": _PUBLIC,
    "metrics": _ADMIN,
    "sign_in": Permission(None, audited=True),
    "sign_out": _CHAT,
    "who_am_i": _CHAT,
    "chat": _CHAT,
    "chat_stream": _CHAT,
    "chat_websocket": _CHAT,
    "search": _CHAT,
    "list_sessions": _CHAT,
    "session_info": _CHAT,
    "find_sessions": _CHAT,
    "session_messages": _CHAT,
    "export_session": _CHAT,
    "rename_session": Permission(Scope.CHAT, audited=True),
    "rate_message": _CHAT,
    "unrate_message": _CHAT,
    "list_feedback": _MANAGE,
    "delete_session": Permission(Scope.CHAT, audited=True),
    "delete_chat_session": Permission(Scope.CHAT, audited=True),
    "session_stats": _MANAGE,
    "cleanup_sessions": _RULES,
    "ingest": _CHANGES,
    "ingest_url": _CHANGES,
    "ingest_job": _MANAGE,
    "ingest_job_events": _MANAGE,
    "cancel_ingest_job": _CHANGES,
    "list_documents": _MANAGE,
    "document": _MANAGE,
    "document_content": _MANAGE,
    "delete_document": _CHANGES,
    "list_collections": _MANAGE,
    "collection_stats": _MANAGE,
    "delete_collection": _CHANGES,
    "usage": _MANAGE,
    "usage_history": _MANAGE,
    "models": _ADMIN,
    "create_key": _CHANGES,
    "list_keys": _MANAGE,
    "rotate_key": _CHANGES,
    "revoke_key": _CHANGES,
    "audit": _ADMIN,
    "export_audit": _ADMIN,
}
