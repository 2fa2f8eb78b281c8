"""PDF files, made by the tests, through the loader."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from files.makers import (
    encrypt_pdf,
    make_form_pdf,
    make_many_pages_pdf,
    make_pdf,
    make_scan_pdf,
    make_two_column_pdf,
    rotate_pdf,
)
from pypdf import PdfReader, PdfWriter
from pypdf.generic import NameObject, NumberObject

from conversational_rag.errors import EncryptedFile, ParsingLimit, UnreadableFile
from conversational_rag.ingestion.limits import Limits
from conversational_rag.ingestion.loaders.base import Kind, LoadedDocument
from conversational_rag.ingestion.loaders.pdf import load

Place = Callable[[bytes, str], Path]
Load = Callable[[bytes], LoadedDocument]


@pytest.fixture
def read(place: Place) -> Load:
    return lambda data: load(place(data, "a.pdf"), Limits())


@pytest.mark.parametrize("count", [1, 2, 300])
def test_pages_are_numbered_from_one(read: Load, count: int) -> None:
    document = read(make_pdf([f"This is page {number}." for number in range(1, count + 1)]))
    assert document.kind is Kind.PDF
    assert document.page_count == count
    assert [(page.number, page.text) for page in document.pages] == [
        (number, f"This is page {number}.") for number in range(1, count + 1)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Grüße aus der Straße in Köln: naïve café, Øre, Łódź",
        "港口建于一九七三年。年吞吐量为三百万吨。",
        "Привет мир, Ελλάδα",
        "The price is €1,200 for 20 °C and ½ litre",
        "Shipped 🚀 on time",
    ],
)
def test_text_in_any_script_comes_out_as_it_stands(read: Load, text: str) -> None:
    assert read(make_pdf([text])).pages[0].text == text


def test_right_to_left_text_comes_out_in_the_order_of_reading(read: Load) -> None:
    farsi = "متن فارسی: بندرگاه در سال"
    assert read(make_pdf([farsi[::-1]])).pages[0].text == farsi


def test_ligatures_come_out_as_letters(read: Load) -> None:
    assert read(make_pdf(["The ﬁrst oﬃce"])).pages[0].text == "The first office"


def test_words_broken_at_line_ends_are_joined(read: Load) -> None:
    text = read(make_pdf(["All informa-\ntion about the year 2019-\n2020 is here."])).pages[0].text
    assert "information about" in text
    assert "2019-\n2020" in text


def test_a_column_is_read_to_its_end_before_the_next(read: Load) -> None:
    left = " ".join(f"left{number}" for number in range(60))
    right = " ".join(f"right{number}" for number in range(60))
    words = read(make_two_column_pdf(left, right)).pages[0].text.split()
    assert words == [*left.split(), *right.split()]


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_turned_pages_are_read(read: Load, degrees: int) -> None:
    text = "A sentence on a page that was turned. " * 8
    pages = read(rotate_pdf(make_pdf([text]), degrees)).pages
    assert pages[0].text.split() == text.split()


def test_what_was_filled_into_a_form_is_read(read: Load) -> None:
    assert read(make_form_pdf("Name:", "Ada Lovelace")).pages[0].text.split() == ["Name:", "Ada", "Lovelace"]


def test_a_scan_has_pages_but_no_text(read: Load) -> None:
    document = read(make_scan_pdf(3))
    assert (document.page_count, document.characters) == (3, 0)


def test_encryption_without_a_password_is_opened(read: Load) -> None:
    assert read(encrypt_pdf(make_pdf(["Open to all."]), "")).pages[0].text == "Open to all."


def test_a_password_is_asked_for(read: Load) -> None:
    with pytest.raises(EncryptedFile):
        read(encrypt_pdf(make_pdf(["Closed."]), "secret"))


def test_a_pdf_whose_end_is_damaged_is_still_read(read: Load) -> None:
    data = make_pdf(["Page one.", "Page two."])
    assert [page.text for page in read(data[: data.rindex(b"xref")]).pages] == ["Page one.", "Page two."]


def test_one_damaged_page_costs_only_itself(read: Load) -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(make_pdf(["One.", "Two.", "Three."]))))
    writer.pages[1][NameObject("/Contents")] = NumberObject(7)
    out = io.BytesIO()
    writer.write(out)
    assert [page.text for page in read(out.getvalue()).pages] == ["One.", "", "Three."]


def test_the_second_reader_takes_over_where_the_first_fails(read: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    # The first reader wants the header; the second one shrugs.
    data = make_pdf(["Read by the second one."])
    headless = b"%PDF" + data[4:].replace(b"%PDF", b"%PFD")
    headless = re.sub(rb"\A%PDF-1.7", b"%QDF-1.7", headless)
    assert read(headless).pages[0].text.split() == ["Read", "by", "the", "second", "one."]


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.4\ngarbage",
        b"%PDF-1.7\n" + bytes(range(256)) * 20,
        make_pdf(["A page."])[:200],
        make_many_pages_pdf(0),
        re.sub(rb"/Kids\[\d+", b"/Kids[2", make_pdf(["A page."])),
    ],
)
def test_damage_beyond_repair_is_a_clear_error(read: Load, data: bytes) -> None:
    with pytest.raises(UnreadableFile) as failure:
        read(data)
    assert "a.pdf" not in failure.value.detail
    assert "damaged" in failure.value.detail


def test_too_many_pages_are_refused_before_they_are_read(place: Place) -> None:
    with pytest.raises(ParsingLimit, match="10000 pages; at most 500"):
        load(place(make_many_pages_pdf(10_000), "a.pdf"), Limits(pages=500))
