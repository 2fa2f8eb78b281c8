"""Chunks: where they stand, how long they are, and that nothing is lost between them."""

import time
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from langchain_text_splitters import RecursiveCharacterTextSplitter

from conversational_rag.errors import ParsingLimit
from conversational_rag.ingestion.loaders.base import Kind, LoadedDocument, Page
from conversational_rag.ingestion.splitting import Chunk, split

ALPHABET = st.sampled_from("ab .,!?\n\t#。、؟»\u200b\u3000é👩")
SENTENCE = "The crane lifts forty tonnes. "


def document(*pages: str, kind: Kind = Kind.TXT) -> LoadedDocument:
    return LoadedDocument(kind, tuple(Page(number, page) for number, page in enumerate(pages, 1)), len(pages))


def assert_sound(source: LoadedDocument, chunks: list[Chunk], chunk_size: int, chunk_overlap: int) -> None:
    """What holds of every splitting, whatever the text."""
    assert [chunk.ordinal for chunk in chunks] == list(range(len(chunks)))
    for page in source.pages:
        mine = [chunk for chunk in chunks if chunk.page == page.number]
        covered = 0
        for chunk in mine:
            end = chunk.start + len(chunk.text)
            assert page.text[chunk.start : end] == chunk.text
            assert chunk.text == chunk.text.strip() != ""
            assert len(chunk.text) <= chunk_size
            assert not page.text[covered : chunk.start].strip(), "something was left out between two chunks"
            assert covered - chunk.start <= chunk_overlap
            assert end > covered, "a chunk that says nothing new"
            covered = end
        assert not page.text[covered:].strip()


@given(
    pages=st.lists(st.text(ALPHABET, max_size=200), max_size=3),
    sizes=st.tuples(st.integers(1, 60), st.integers(0, 59)).filter(lambda pair: pair[1] < pair[0]),
    kind=st.sampled_from([Kind.TXT, Kind.MD]),
)
@example(pages=["aaaa" * 40], sizes=(10, 3), kind=Kind.TXT)
@example(pages=["ab ab ab ab ab ab ab ab ab"], sizes=(5, 4), kind=Kind.TXT)
def test_chunks_cover_their_page_exactly(pages: list[str], sizes: tuple[int, int], kind: Kind) -> None:
    source = document(*pages, kind=kind)
    assert_sound(source, split(source, *sizes), *sizes)


@given(st.text(max_size=300), st.integers(1, 50))
def test_any_text_is_split_without_loss(text: str, chunk_size: int) -> None:
    source = document(text)
    assert_sound(source, split(source, chunk_size, chunk_size // 3), chunk_size, chunk_size // 3)


def test_each_page_is_split_on_its_own() -> None:
    chunks = split(document("End of page one.", "", "Page three begins."), 1000, 200)
    assert chunks == [Chunk(0, 1, 0, "End of page one."), Chunk(1, 3, 0, "Page three begins.")]


def test_a_document_without_pages_has_chunks_without_a_page() -> None:
    chunks = split(LoadedDocument(Kind.TXT, (Page(None, SENTENCE * 10),)), 100, 20)
    assert {chunk.page for chunk in chunks} == {None}


def test_it_cuts_where_the_splitter_of_langchain_does() -> None:
    text = "\n\n".join(" ".join(f"word{number}" for number in range(size)) for size in (30, 300, 5, 90, 400))
    theirs = RecursiveCharacterTextSplitter(chunk_size=501, chunk_overlap=100, keep_separator="end").split_text(text)
    assert len(split(document(text), 500, 100)) == pytest.approx(len(theirs), abs=1)


def test_paragraphs_stay_whole_where_they_fit() -> None:
    first, second = "A paragraph of its own. " * 3, "Another paragraph here. " * 3
    texts = [chunk.text for chunk in split(document(f"{first}\n\n{second}"), 100, 0)]
    assert texts == [first.strip(), second.strip()]


@pytest.mark.parametrize(
    "sentence",
    [
        "The crane lifts forty tonnes! ",
        "港口建于一九七三年。",
        "آیا بندر بسته است؟ ",
        "यह बंदरगाह है। ",
        "ნავსადგური დიდია. ",
    ],
)
def test_sentences_of_every_script_stay_whole(sentence: str) -> None:
    size = len(sentence) * 4 + 1
    for chunk in split(document(sentence * 20), size, 0):
        assert chunk.text == (sentence * 4).strip()


def test_a_markdown_section_begins_a_chunk() -> None:
    text = "# Fees\n\n" + SENTENCE * 3 + "\n## Berths\n\n" + SENTENCE * 3
    assert [chunk.text[:9] for chunk in split(document(text, kind=Kind.MD), 120, 0)] == ["# Fees\n\nT", "## Berths"]


def test_neighbours_overlap_by_whole_words() -> None:
    chunks = split(document(" ".join(f"word{number:03}" for number in range(200))), 100, 30)
    for before, after in pairwise(chunks):
        shared = before.start + len(before.text) - after.start
        assert 20 < shared <= 30
        assert after.text.startswith("word")


@pytest.mark.parametrize(
    "text",
    ["x" * 5_000_000, "word " * 400_000, "." * 2_000_000, " " * 2_000_000 + "x", "\n#" * 1_000_000, "港" * 2_000_000],
    ids=["no space", "words", "dots", "spaces", "headings", "cjk"],
)
def test_millions_of_characters_on_one_page_take_seconds_at_most(text: str) -> None:
    started = time.process_time()
    chunks = split(document(text, kind=Kind.MD), 1000, 200)
    assert time.process_time() - started < 10
    assert sum(len(chunk.text) for chunk in chunks) >= len(text.strip()) * 0.9


@pytest.mark.parametrize(("chunk_size", "chunk_overlap"), [(0, 0), (10, 10), (10, 11), (10, -1), (-5, -6)])
def test_impossible_sizes_are_refused(chunk_size: int, chunk_overlap: int) -> None:
    with pytest.raises(ValueError, match="chunk_overlap"):
        split(document("text"), chunk_size, chunk_overlap)


def test_more_chunks_than_allowed_are_refused_before_they_are_made() -> None:
    with pytest.raises(ParsingLimit, match="chunk_overlap"):
        split(document("word " * 10_000), 1000, 999, most_chunks=10_000)


def test_small_pages_are_counted_as_the_chunks_that_they_become() -> None:
    document = LoadedDocument(Kind.ODT, tuple(Page(None, "A") for _ in range(11)))
    assert len(split(document, 1000, 200, most_chunks=11)) == 11
    with pytest.raises(ParsingLimit, match="MAX_CHUNKS"):
        split(document, 1000, 200, most_chunks=10)
