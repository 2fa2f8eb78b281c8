"""Recent conversations: those that were used last are kept in memory, and can be thrown away at any time."""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from conversational_rag.db.sessions import SessionRow
from conversational_rag.rag.conversation import Turn
from conversational_rag.security.tenants import Tenant


@dataclass(frozen=True, slots=True)
class Conversation:
    """A session and its last turns, oldest first."""

    session: SessionRow
    turns: tuple[Turn, ...] = ()


class RecentConversations:
    """The last `most` of all clients, by the ids of their sessions."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[str, Conversation] = OrderedDict()

    def count(self, tenant: Tenant | None) -> int:
        """How many are the client's, None: everybody's."""
        return sum(tenant in (None, kept.session.tenant) for kept in self._kept.values())

    def get(self, session_id: str) -> Conversation | None:
        """The session's; None when it is not kept."""
        return self._kept.get(session_id)

    def put(self, conversation: Conversation) -> None:
        """It was used just now."""
        session_id = conversation.session.session_id
        self._kept[session_id] = conversation
        self._kept.move_to_end(session_id)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def replace(self, conversation: Conversation) -> None:
        """It has changed, without being used."""
        self._kept[conversation.session.session_id] = conversation

    def forget(self, session_ids: Iterable[str]) -> None:
        """These sessions have gone."""
        for session_id in session_ids:
            self._kept.pop(session_id, None)

    def forget_client(self, tenant: Tenant) -> None:
        """The client has gone."""
        self.forget([session_id for session_id, kept in self._kept.items() if kept.session.tenant == tenant])
