"""Passages that overlap become one, so that the model reads no text twice."""

from collections.abc import Sequence
from dataclasses import replace

from conversational_rag.rag.conversation import Passage


def join_overlaps(passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """The passages (best first), those that overlap or touch on one page joined in the place of the best of them.

    A joined passage is an exact slice of the page's text, and keeps the id and the score of its best part.
    """
    joined: list[Passage] = []
    for passage in passages:
        whole, absorbed = passage, list[Passage]()
        for other in joined:
            if (both := _join(other, whole)) is not None:
                whole = both
                absorbed.append(other)
        if not absorbed:
            joined.append(passage)
            continue
        best = absorbed[0]
        joined[joined.index(best)] = replace(best, start=whole.start, text=whole.text)
        joined = [other for other in joined if not any(other is gone for gone in absorbed[1:])]
    return tuple(joined)


def _join(one: Passage, other: Passage) -> Passage | None:
    """Both as one slice of their page; None when they are not beside each other there."""
    first, second = sorted((one, other), key=lambda passage: passage.start)
    shared = first.start + len(first.text) - second.start
    if (first.document_id, first.page) != (second.document_id, second.page) or shared < 0:
        return None
    if first.text[len(first.text) - shared :][: len(second.text)] != second.text[:shared]:
        return None  # the offsets are not of the same text
    return replace(first, text=first.text + second.text[shared:])
