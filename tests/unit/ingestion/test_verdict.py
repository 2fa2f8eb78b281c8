"""What the owner of a file is told about it."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from files.makers import make_pdf
from files.office_makers import make_pptx, shape

from conversational_rag.ingestion.loaders.base import Kind, Page
from conversational_rag.ingestion.pipeline import ParsedFile, Reader
from conversational_rag.ingestion.splitting import Chunk
from conversational_rag.ingestion.verdict import judge, named

Place = Callable[[bytes, str], Path]


@pytest_asyncio.fixture
async def reader() -> AsyncIterator[Reader]:
    reader = Reader(60, 1024 * 2**20)
    yield reader
    await reader.close()


async def test_pages_of_scans_between_pages_of_text_are_told_by_number(reader: Reader, place: Place) -> None:
    verdict = judge(await reader.read(place(make_pdf(["One.", "", "Three.", ""]), "a"), "a.pdf", 1000, 200))
    assert (verdict.pages, verdict.pages_with_text, verdict.pages_without_text) == (4, 2, (2, 4))
    assert (verdict.characters, verdict.chunks, verdict.encoding) == (10, 2, None)


async def test_slides_without_words_are_told_by_number(reader: Reader, place: Place) -> None:
    verdict = judge(await reader.read(place(make_pptx([shape("Fees"), ""]), "a"), "a.pptx", 1000, 200))
    assert (verdict.pages_with_text, verdict.pages_without_text) == (1, (2,))


@pytest.mark.parametrize("filename", ["a.txt", "a.md", "a.csv", "a.json", "a.html"])
async def test_the_encoding_of_plain_text_is_told_and_a_guess_with_a_note(
    reader: Reader, place: Place, filename: str
) -> None:
    source = {"a.json": '{"Straße": "Größe, Länge"}', "a.csv": "Straße,Größe\nBrücke,Länge\n"}.get(filename, "Größe")
    for encoding, told, notes in (("utf-8", "utf-8", 0), ("utf-16", "utf-16-le", 0), ("cp1252", "cp1252", 1)):
        verdict = judge(await reader.read(place(source.encode(encoding), "a"), filename, 1000, 200))
        assert (verdict.encoding, len(verdict.notes)) == (told, notes)
        assert (verdict.pages, verdict.pages_with_text, verdict.pages_without_text) == (None, None, ())


async def test_text_that_comes_again_and_again_has_its_share(reader: Reader, place: Place) -> None:
    header = "Harbour authority, report of the year"
    pages = [f"{header}\n{sign * len(header)}" for sign in "abcd"]
    verdict = judge(await reader.read(place(make_pdf(pages), "a"), "a.pdf", 1000, 200))
    assert verdict.repeated_share == 0.375


def test_a_verdict_is_json_for_its_owner() -> None:
    pages = (Page(1, "Fees."), Page(2, " "))
    parsed = ParsedFile(Kind.PDF, 2, pages, (Chunk(0, 1, 0, "Fees."),), notes=("A note.",), repeated_share=0.12345)
    assert json.loads(json.dumps(judge(parsed).describe())) == {
        "pages": 2,
        "pages_with_text": 1,
        "pages_without_text": [2],
        "characters": 6,
        "chunks": 1,
        "repeated_share": 0.123,
        "encoding": None,
        "notes": ["A note."],
    }


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ([2], "2"),
        ([2, 3], "2-3"),
        ([2, 4, 5, 6, 12], "2, 4-6 and 12"),
        (range(1, 501), "1-500"),
        (range(1, 100, 2), "1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23 and others"),
    ],
)
def test_numbers_are_named_as_people_say_them(numbers: list[int], words: str) -> None:
    assert named(numbers) == words
