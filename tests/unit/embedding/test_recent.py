"""A text that was embedded lately is not embedded again."""

from collections.abc import Sequence

import numpy as np

from conversational_rag.embedding.base import Vectors
from conversational_rag.embedding.recent import RecentVectors


class Counting:
    """Embeds a text as its length, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.urgent: list[bool] = []

    async def embed_queries(self, texts: Sequence[str], *, urgent: bool = True) -> Vectors:
        self.asked.append(list(texts))
        self.urgent.append(urgent)
        return np.array([[float(len(text)), 1.0] for text in texts], np.float32)


async def test_only_new_texts_are_embedded_and_all_come_in_their_order() -> None:
    embedder = Counting()
    recent = RecentVectors(embedder)
    await recent.embed_queries(["a question"])
    vectors = await recent.embed_queries(["another", "a question", "half a \ud800 letter", "another"])
    assert vectors.tolist() == [[7.0, 1.0], [10.0, 1.0], [15.0, 1.0], [7.0, 1.0]]
    assert embedder.asked == [["a question"], ["another", "half a \ud800 letter"]]
    assert (await recent.embed_queries(["another"])).shape == (1, 2)
    assert len(embedder.asked) == 2


async def test_what_was_asked_longest_ago_is_forgotten_first() -> None:
    embedder = Counting()
    recent = RecentVectors(embedder, size=2)
    for text in ("one", "two", "one", "three", "one", "two"):
        await recent.embed_queries([text])
    assert embedder.asked == [["one"], ["two"], ["three"], ["two"]]


async def test_what_nobody_waits_for_is_embedded_so_and_is_known_afterwards() -> None:
    embedder = Counting()
    recent = RecentVectors(embedder)
    await recent.embed_queries(["an answer"], urgent=False)
    await recent.embed_queries(["a question", "an answer"])
    assert embedder.asked == [["an answer"], ["a question"]]
    assert embedder.urgent == [False, True]
