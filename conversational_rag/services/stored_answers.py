"""Stored answers: an answer as a message of its session, with its sources and its cost."""

import json

from conversational_rag.db.messages import NewAnswer
from conversational_rag.rag.events import Answered
from conversational_rag.services.sources import sources


def stored_answer(answered: Answered, status: str, now: float) -> NewAnswer:
    """The row of an answer, whole or partial (`status`)."""
    usage = answered.usage
    return NewAnswer(
        content=answered.text,
        timestamp=now,
        status=status,
        sources=json.dumps(sources(answered), ensure_ascii=False),
        model=answered.model,
        degraded=answered.degraded,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        cached_tokens=usage.cached_tokens,
        llm_calls=usage.llm_calls,
    )
