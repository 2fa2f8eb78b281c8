"""Feedback: readers rate answers, and whoever manages a client reads what they think."""

from dataclasses import replace

from conversational_rag.db import feedback, messages
from conversational_rag.db.engine import Connection, Database
from conversational_rag.db.feedback import FeedbackPage
from conversational_rag.db.messages import ASSISTANT, Feedback, MessageRow
from conversational_rag.errors import InvalidRequest, MessageNotFound
from conversational_rag.security.principals import Reach
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.conversations import Clock
from conversational_rag.services.sessions import find_living


class Ratings:
    """What is thought of answers in sessions within reach."""

    def __init__(self, database: Database, now: Clock) -> None:
        self._database, self._now = database, now

    async def rate(self, reach: Reach, session_id: str, message_id: int, rating: str, comment: str) -> MessageRow:
        """Rate an answer, in place of what was said of it before; the message.

        Raises SessionNotFound, MessageNotFound, InvalidRequest when it is no answer.
        """
        now = self._now()
        given = Feedback(rating, comment, now)
        return await self._database.write(_rate, reach, session_id, message_id, given, now)

    async def take_back(self, reach: Reach, session_id: str, message_id: int) -> MessageRow:
        """Nothing is said of the answer any more; the message. Raises as `rate` does."""
        return await self._database.write(_rate, reach, session_id, message_id, None, self._now())

    async def list_page(self, tenant: Tenant | None, rating: str | None, limit: int, offset: int) -> FeedbackPage:
        """Rated answers of the client, None: of everybody, the last rated first; `rating` None: however rated."""
        if tenant is None:
            return await self._database.read(feedback.admin_list_page, rating, limit, offset)
        return await self._database.read(feedback.list_page, tenant, rating, limit, offset)


def _rate(
    connection: Connection, reach: Reach, session_id: str, message_id: int, given: Feedback | None, now: float
) -> MessageRow:
    find_living(connection, reach, session_id, now)
    message = messages.find(connection, session_id, message_id)
    if message is None:
        raise MessageNotFound
    if message.role != ASSISTANT:
        raise InvalidRequest(errors=[{"field": "path.message_id", "message": "is a question; only answers are rated"}])
    feedback.rate(connection, session_id, message_id, given)
    return replace(message, feedback=given)
