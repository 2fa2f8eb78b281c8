"""Documents in many languages are found by the words of a question, the right one first, without any vectors."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from languages import MATTERS, QUESTIONS, TEXTS
from shelf import Shelf

from conversational_rag.db import chunks
from conversational_rag.rag.languages import guess_language
from conversational_rag.rag.query import query_words
from conversational_rag.security.tenants import Tenant

READER = Tenant("reader")
# Their words are too often the same as in Spanish or French.
COUSINS = ("it", "pt")


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    shelf = Shelf(tmp_path)
    await shelf.database.migrate()
    yield shelf
    await shelf.database.close()


@pytest.mark.parametrize("language", TEXTS)
async def test_the_right_document_is_first_by_words_alone(shelf: Shelf, language: str) -> None:
    await shelf.put(READER, "letters.txt", *TEXTS[language])
    assert await misses(shelf, language) == []


async def test_it_is_first_among_documents_in_all_languages_too(shelf: Shelf) -> None:
    languages = [language for language in TEXTS if language not in COUSINS]
    for language in languages:
        await shelf.put(READER, f"letters_{language}.txt", *TEXTS[language])
    assert [miss for language in languages for miss in await misses(shelf, language)] == []


@pytest.mark.parametrize(
    ("text", "language"),
    [(question, language) for language in TEXTS for question, _ in QUESTIONS[language][:1]]
    + [
        ("war crimes", "en"),
        ("vitamin C", "en"),
        ("BMW 2023", "en"),
        ("", "en"),
        ("Kündigung", "de"),
        ("你好 API", "zh"),
        ("ひらがな", "ja"),
        ("كتاب", "ar"),
        ("چای", "fa"),
    ],
)
def test_the_language_of_a_text_is_guessed(text: str, language: str) -> None:
    assert guess_language(text) == language


async def misses(shelf: Shelf, language: str) -> list[tuple[str, str | None]]:
    """The questions whose document is not first, each with what is."""
    firsts = [(question, matter, await first_text(shelf, question)) for question, matter in QUESTIONS[language]]
    texts = dict(zip(MATTERS, TEXTS[language], strict=True))
    return [(question, first) for question, matter, first in firsts if first != texts[matter]]


async def first_text(shelf: Shelf, question: str) -> str | None:
    best = next(iter(await shelf.library(READER).matching(query_words(question, ()), 10)), None)
    return None if best is None else (await shelf.database.read(chunks.get, READER, [best]))[best].text
