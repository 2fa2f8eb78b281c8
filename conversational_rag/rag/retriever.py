"""The retriever: the passages for a question in the light of the turns before it.

Two legs search at once, meaning (vectors) and words (bm25), and are blended by score; the file's name is evidence.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np
from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from numpy.typing import NDArray
from pydantic import SkipValidation

from conversational_rag.rag.conversation import Passage, Turn
from conversational_rag.rag.filenames import FilenameIndex
from conversational_rag.rag.fusion import DEPTH, Evidence
from conversational_rag.rag.query import (
    QUESTION_CHARACTERS,
    QueryWords,
    last_answers,
    query_vector,
    query_words,
    searched_text,
)

Vectors = NDArray[np.float32]
# Makes one unit vector, shape (dimensions,), of those of several texts, shape (texts, dimensions).
Combine = Callable[[Vectors], Vectors]


class Library(Protocol):
    """One client's documents, as far as they are ready to be searched."""

    async def nearest(self, texts: Sequence[str], combine: Combine, k: int) -> Mapping[int, float]:
        """The cosine similarity of the k chunks nearest to what is combined of the texts' vectors, by chunk id."""

    async def matching(self, words: QueryWords, k: int) -> Mapping[int, float]:
        """The bm25 score (above 0) of about k chunks that hold words of the query, by chunk id."""

    async def filenames(self) -> FilenameIndex:
        """The names of all documents."""
        ...

    async def best(self, evidence: Evidence, k: int) -> list[Passage]:
        """The k best of what was found, best first, each text once, without what may not be seen (any more)."""
        ...


class ContextRetriever(BaseRetriever):
    """LangChain's retriever over one client's library, made for one turn.

    `ainvoke(question)` gives Documents with filename, page (from 1), document_id, chunk_id, start (characters from
    the start of the page) and score (0 to 1) in their metadata; `find(question)` the same as Passages.
    """

    library: SkipValidation[Library]
    history: SkipValidation[Sequence[Turn]] = ()
    k: int = 4

    async def find(self, question: str) -> list[Passage]:
        """Up to k passages, best first."""
        return await find(self.library, question, self.history, self.k)

    async def _aget_relevant_documents(
        self,
        query: str,
        *,
        run_manager: AsyncCallbackManagerForRetrieverRun,  # noqa: ARG002 LangChain's signature
    ) -> list[Document]:
        return [_document(passage) for passage in await self.find(query)]

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,
    ) -> list[Document]:
        raise NotImplementedError(
            "ContextRetriever searches asynchronously, on the event loop its library belongs to: "
            "use `await retriever.ainvoke(question)`."
        )


async def find(library: Library, question: str, history: Sequence[Turn], k: int) -> list[Passage]:
    """Up to k passages, best first; no two of the same text."""
    meaning, words, filenames = await asyncio.gather(
        _search_meaning(library, question, history),
        library.matching(query_words(question, history), DEPTH),
        library.filenames(),
    )
    evidence = Evidence(meaning, words, filenames.evidence(question[:QUESTION_CHARACTERS]))
    return await library.best(evidence, k)


async def _search_meaning(library: Library, question: str, history: Sequence[Turn]) -> Mapping[int, float]:
    """Search for the question near the last answers."""
    texts = [searched_text(question), *last_answers(history)]
    return await library.nearest(texts, lambda vectors: query_vector(vectors[0], list(vectors[1:])), DEPTH)


def _document(passage: Passage) -> Document:
    return Document(
        passage.text,
        id=str(passage.chunk_id),
        metadata={
            "filename": passage.filename,
            "page": passage.page,
            "document_id": passage.document_id,
            "chunk_id": passage.chunk_id,
            "start": passage.start,
            "score": passage.score,
        },
    )
