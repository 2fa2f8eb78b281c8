"""Conversations over a database of their own, under a clock that tests set, for two clients; no model speaks."""

from dataclasses import replace
from pathlib import Path

from conversational_rag.db import clients, messages
from conversational_rag.db.engine import Database
from conversational_rag.db.messages import NewAnswer
from conversational_rag.db.usage import UsageRow
from conversational_rag.security.principals import Principal, Scope
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.conversations import Conversations
from conversational_rag.services.feedback import Ratings
from conversational_rag.services.sessions import Sessions
from conversational_rag.services.transcripts import Transcripts

ACME, BETA = Tenant("acme"), Tenant("beta")
MANAGER, RIVAL = (Principal(Scope.MANAGE, tenant, tenant.client_id, tenant.client_id) for tenant in (ACME, BETA))
CHATTER, COLLEAGUE = (Principal(Scope.CHAT, ACME, line, line) for line in ("chatter", "colleague"))
TTL_SECONDS = 60
YES = NewAnswer("Yes.", 0.0, messages.COMPLETE, "[]", "a model", False, 10, 5, 0, 1)
_COST = UsageRow(answers=1, llm_calls=1, prompt_tokens=10, completion_tokens=5)


class Diary:
    def __init__(self, folder: Path) -> None:
        self.time = 1_800_000_000.0
        self.database = Database(folder / "sessions.db")
        self.conversations = Conversations(self.database, ttl_seconds=TTL_SECONDS, max_cached=10, now=self.now)
        self.sessions = Sessions(self.database, self.conversations)
        self.ratings = Ratings(self.database, self.now)
        self.transcripts = Transcripts(self.database)

    def now(self) -> float:
        return self.time

    async def open(self) -> "Diary":
        await self.database.migrate()
        for tenant in (ACME, BETA):
            await self.database.write(clients.create, tenant, "model", self.time)
        return self

    async def close(self) -> None:
        await self.database.close()

    async def talk(
        self, session_id: str, question: str, answer: str | NewAnswer = "Yes.", caller: Principal = MANAGER
    ) -> int:
        """A question and its answer, a second after what was before; the answer's message id."""
        self.time += 1
        assert caller.tenant is not None
        asked = await self.conversations.ask(caller.tenant, session_id, question, caller)
        said = answer if isinstance(answer, NewAnswer) else replace(YES, content=answer)
        message_id = await self.conversations.answer(asked, replace(said, timestamp=self.time), _COST)
        assert message_id is not None
        return message_id

    async def found(self, words: str = "", caller: Principal = MANAGER, limit: int = 50, offset: int = 0) -> list[str]:
        """The ids of the sessions that a search shows."""
        page = await self.sessions.search(caller.reach(caller.tenant), words, limit, offset)
        return [each.session.session_id for each in page.sessions]
