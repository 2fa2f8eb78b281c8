"""A real DOC file, sound and damaged, through the loader."""

import hashlib
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from conversational_rag.errors import EncryptedFile, UnreadableFile
from conversational_rag.ingestion.limits import Limits
from conversational_rag.ingestion.loaders.base import Kind, LoadedDocument
from conversational_rag.ingestion.loaders.doc import load

Place = Callable[[bytes, str], Path]
HEADER = b"\xec\xa5"  # where Word's own header begins in the file


@pytest.fixture
def harbour(place: Place, harbour_doc: bytes) -> LoadedDocument:
    return load(place(harbour_doc, "harbour.doc"), Limits())


def test_the_committed_file_is_the_one_that_its_readme_describes(harbour_doc: bytes) -> None:
    readme = (Path(__file__).parents[3] / "files" / "README.md").read_text(encoding="utf-8")
    assert hashlib.sha256(harbour_doc).hexdigest() in readme


def test_a_doc_is_one_page_without_a_number(harbour: LoadedDocument) -> None:
    assert (harbour.kind, harbour.page_count, len(harbour.pages)) == (Kind.DOC, None, 1)
    assert harbour.pages[0].number is None


@pytest.mark.parametrize(
    "line",
    [
        "Annual report of the harbour",
        "The crane lifts 42 tonnes. The office opens at 7:30 a.m., the “night gate” closes at 22:00 – never earlier.",
        "Grüße aus Köln: Straße, Öl, Übermut; naïve café; price €1,200; 20 °C; ½ litre; Łódź; Ελλάδα; Привет мир.",
        "متن فارسی: بندرگاه در سال ۱۴۰۵ ساخته شد و می‌خواهد بزرگ‌تر شود.",
        "港口建于一九七三年。年吞吐量为三百万吨。",
        "See the tariff table for the fees. Non breaking: 10 km, a softhyphen and a hard-hyphen.",
        "A line",
        "broken by hand, and a\ttab.",
        "The last sentence mentions lighthouse number nine.",
    ],
)
def test_every_paragraph_comes_out_as_it_reads(harbour: LoadedDocument, line: str) -> None:
    assert line in harbour.pages[0].text.split("\n")


def test_a_table_has_a_line_for_each_row(harbour: LoadedDocument) -> None:
    assert (
        "Berth | Depth | Fee\n"
        "North quay | 11.5 m | 870 euros\n"
        "South quay |  | 640 euros\n"
        "Both quays together | 1510 euros per week\n"
        "Outer left | inner one | inner two; inner three | inner four; after the inner table\n"
    ) in harbour.pages[0].text


@pytest.mark.parametrize(
    "text",
    [
        "Measured without the counterweight.",
        "The archive holds the original plans.",
        "Boxed warning: helmets are mandatory.",
        "Harbour report, internal edition",
        "Printed in Wismar, page of",
    ],
)
def test_notes_boxes_headers_and_footers_are_read_once(harbour: LoadedDocument, text: str) -> None:
    assert " ".join(harbour.pages[0].text.split()).count(text) == 1


def test_tracked_insertions_are_kept_and_deletions_left_out(harbour: LoadedDocument) -> None:
    assert "Keep this final wording with an insertion here." in harbour.pages[0].text


@pytest.mark.parametrize("hidden", ["rejected", "HYPERLINK", "NUMPAGES", "example.org", "Check this number", "\x13"])
def test_what_a_reader_of_the_document_does_not_see_stays_out(harbour: LoadedDocument, hidden: str) -> None:
    assert hidden not in harbour.pages[0].text


def test_an_encrypted_doc_asks_for_its_password_to_be_removed(place: Place, harbour_doc: bytes) -> None:
    with pytest.raises(EncryptedFile):
        load(place(_with_flags(harbour_doc, 0x0100), "a.doc"), Limits())


@pytest.mark.parametrize("header", [b"\xec\xa5\x65\x00", b"\xdc\xa5\x65\x00"])
def test_a_doc_of_word_95_is_named_as_such(place: Place, harbour_doc: bytes, header: bytes) -> None:
    first = harbour_doc.index(HEADER)
    older = harbour_doc[:first] + header + harbour_doc[first + 4 :]
    with pytest.raises(UnreadableFile, match=r"Word 95.*save it as DOCX"):
        load(place(older, "a.doc"), Limits())


def test_a_damaged_table_of_pieces_is_found_by_its_shape(place: Place, harbour_doc: bytes) -> None:
    pointer = harbour_doc.index(HEADER) + 0x1A2
    damaged = harbour_doc[:pointer] + struct.pack("<II", 0xFFFF, 12) + harbour_doc[pointer + 8 :]
    text = load(place(damaged, "a.doc"), Limits()).pages[0].text
    assert "The crane lifts 42 tonnes." in text
    assert "lighthouse number nine" in text


@pytest.mark.parametrize("cut", [600, 3000, 9000])
def test_a_cut_doc_is_a_clear_error(place: Place, harbour_doc: bytes, cut: int) -> None:
    with pytest.raises(UnreadableFile, match="save it as DOCX") as failure:
        load(place(harbour_doc[:cut], "a.doc"), Limits())
    assert failure.value.__cause__ is not None


@pytest.mark.parametrize("start", range(0x0A, 0x200, 22))
def test_nonsense_in_the_header_never_breaks_the_reader(place: Place, harbour_doc: bytes, start: int) -> None:
    first = harbour_doc.index(HEADER) + start
    damaged = harbour_doc[:first] + b"\xa7" * 22 + harbour_doc[first + 22 :]
    try:
        text = load(place(damaged, "a.doc"), Limits()).pages[0].text
    except (UnreadableFile, EncryptedFile) as refused:
        text = refused.detail
    assert text


def _with_flags(doc: bytes, flags: int) -> bytes:
    position = doc.index(HEADER) + 0x0A
    (old,) = struct.unpack_from("<H", doc, position)
    return doc[:position] + struct.pack("<H", old | flags) + doc[position + 2 :]
