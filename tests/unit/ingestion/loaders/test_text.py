"""TXT and Markdown files."""

from collections.abc import Callable
from pathlib import Path

import pytest

from conversational_rag.errors import EmptyFile, ParsingLimit, UnreadableFile
from conversational_rag.ingestion.limits import Limits
from conversational_rag.ingestion.loaders import markdown, text
from conversational_rag.ingestion.loaders.base import Kind, Page

Place = Callable[[bytes, str], Path]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1"])
def test_a_text_is_one_page_without_a_number(place: Place, encoding: str) -> None:
    document = text.load(place("Grüße aus Köln.\r\nZweite Zeile.\r".encode(encoding), "a.txt"), Limits())
    assert document.kind is Kind.TXT
    assert document.page_count is None
    assert document.pages == (Page(None, "Grüße aus Köln.\nZweite Zeile.\n"),)


def test_markdown_keeps_its_markup_and_its_front_matter(place: Place) -> None:
    source = "---\ntitle: Harbour\n---\n# Fees\n\n| berth | fee |\n|---|---|\n| **north** | `870` |\n"
    document = markdown.load(place(source.encode(), "a.md"), Limits())
    assert document.kind is Kind.MD
    assert document.pages[0].text == source


def test_control_characters_and_hard_spaces_are_made_plain(place: Place) -> None:
    document = text.load(place(b"10\xc2\xa0km \x07\x1b[1mbold\x0cnext\xef\xbb\xbf", "a.txt"), Limits())
    assert document.pages[0].text == "10 km [1mbold\nnext"


@pytest.mark.parametrize("data", [" \u2003\n".encode(), "\ufeff \n".encode("utf-16"), b"\xc2\xa0"])
def test_a_text_of_white_space_is_empty(place: Place, data: bytes) -> None:
    with pytest.raises(EmptyFile):
        text.load(place(data, "a.txt"), Limits())


def test_binary_data_is_no_text(place: Place) -> None:
    with pytest.raises(UnreadableFile, match="binary"):
        text.load(place(bytes(range(256)), "a.txt"), Limits())


def test_a_text_that_is_too_long_is_refused_before_it_is_read(place: Place) -> None:
    with pytest.raises(ParsingLimit):
        text.load(place(b"word " * 1000, "a.txt"), Limits(characters=1000))
