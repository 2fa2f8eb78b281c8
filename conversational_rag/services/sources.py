"""Sources: the passages of an answer as callers see them, and as they are stored."""

from typing import Any

from conversational_rag.rag.citations import Citation
from conversational_rag.rag.conversation import Passage
from conversational_rag.rag.events import Answered


def sources(answered: Answered) -> list[dict[str, Any]]:
    """The passages of an answer as callers see them, each with what the answer makes of it."""
    return [source(*each) for each in zip(answered.passages, answered.citations, strict=True)]


def source(passage: Passage, citation: Citation | None = None) -> dict[str, Any]:
    """A passage of an answer; without a citation nobody knows yet whether it will be cited."""
    return {
        **shown(passage),
        "cited": citation.cited if citation else None,
        "verified": citation.verified if citation else None,
    }


def shown(passage: Passage) -> dict[str, Any]:
    """A passage as callers see it."""
    return {
        "page": passage.page,
        "place": passage.place,
        "content": passage.text,
        "filename": passage.filename,
        "document_id": passage.document_id,
        "score": round(passage.score, 4),
    }
