"""RTF files."""

import inspect
from collections.abc import Callable
from pathlib import Path

import pytest
from files.markup_makers import make_rtf

from conversational_rag.errors import NoText, ParsingLimit, UnreadableFile
from conversational_rag.ingestion.formats import richtext
from conversational_rag.ingestion.limits import Limits
from conversational_rag.ingestion.loaders import rtf
from conversational_rag.ingestion.loaders.base import Kind, Page

Place = Callable[[bytes, str], Path]
Told = Callable[[str | bytes], str]


@pytest.fixture
def told(place: Place) -> Told:
    def told(body: str | bytes) -> str:
        return rtf.load(place(make_rtf(body), "a.rtf"), Limits()).pages[0].text

    return told


def test_a_document_is_one_page_without_a_number(place: Place) -> None:
    document = rtf.load(place(make_rtf(r"First.\par Second\page third.\par"), "a.rtf"), Limits())
    assert document.kind is Kind.RTF
    assert document.page_count is None
    assert document.pages == (Page(None, "First.\n\nSecond\n\nthird."),)


def test_formatting_and_line_ends_of_the_file_do_not_part_words(told: Told) -> None:
    assert told("Har{\\b bo\nur} fee:\\~{\\i 870}\\line a\\_week\\tab now") == "Harbour fee: 870\na-week\tnow"


def test_signs_are_told_from_marks(told: Told) -> None:
    assert told(r"\{a\} b\\c \ldblquote x\rdblquote \emdash\bullet") == "{a} b\\c “x”—•"


def test_unicode_comes_with_a_fallback_of_as_many_characters_as_the_group_says(told: Told) -> None:
    assert told(r"\u1055\'cf\u1088? {\uc2\u1080 ab}{\uc0\u1074 }\u1077{}\u1090{x}") == "Пр иветx"


def test_halves_of_a_character_beyond_16_bits_are_joined_and_lone_ones_replaced(told: Told) -> None:
    assert told(r"\u-10179?\u-8704? \u-10179? \u128512?") == "😀 \ufffd 😀"


def test_bytes_mean_what_their_font_says(told: Told) -> None:
    assert told(rb"caf\'e9 {\f1 \'e3\'d1\'cd\'c8\'c7} {\f3 \'93\'fa\'96\'7b\'8c\'ea}\f3\'83A\plain\'83") == (
        "café مرحبا 日本語アƒ"
    )


def test_right_to_left_runs_have_a_font_of_their_own(told: Told) -> None:
    arabic = rb"{\ltrch\fcs0\f0 \rtlch\fcs1\af1 \'e3\'d1\'cd\'c8\'c7} {\rtlch\fcs1\af1 \ltrch\fcs0\f0 caf\'e9}"
    assert told(arabic) == "مرحبا café"


def test_bullets_of_a_symbol_font_are_bullets(told: Told) -> None:
    assert told(rb"{\pntext\f2\'b7\tab}north\par{\pntext\f2\'b7\tab}south") == "•\tnorth\n\n•\tsouth"


@pytest.mark.parametrize(
    ("prolog", "raw", "text"),
    [
        (r"\ansi\ansicpg1251", "Привет".encode("cp1251"), "Привет"),
        (r"\ansi\ansicpg1256", "مرحبا".encode("cp1256"), "مرحبا"),
        (r"\ansi\ansicpg932", "日本語".encode("cp932").replace(b"{", rb"\'7b"), "日本語"),
        (r"\ansi\ansicpg65001", "Grüße".encode(), "Grüße"),
        (r"\ansi\ansicpg99999", "café".encode("cp1252"), "café"),
        (r"\mac", "café".encode("mac_roman"), "café"),
        (r"\pc", "café".encode("cp437"), "café"),
    ],
)
def test_without_a_font_the_document_says_what_bytes_mean(place: Place, prolog: str, raw: bytes, text: str) -> None:
    path = place(b"{\\rtf1" + prolog.encode() + b" " + raw + b"}", "a.rtf")
    assert rtf.load(path, Limits()).pages[0].text == text


def test_a_table_has_a_line_for_each_row(told: Told) -> None:
    rows = r"\trowd\cellx1\cellx2\pard\intbl Berth\cell Fee\par a week\cell\row\trowd\intbl north\cell 870\cell\row"
    assert told(rf"before\par{rows}\pard after\par") == "before\n\nBerth | Fee a week\nnorth | 870\n\nafter"


def test_a_table_inside_a_cell_has_lines_of_its_own(told: Told) -> None:
    def inner(*cells: str) -> str:
        marked = "".join(rf"{cell}\nestcell{{\nonesttables\par}}" for cell in cells)
        return rf"\itap2 {marked}{{\*\nesttableprops\trowd\nestrow}}{{\nonesttables\par}}"

    cell = rf"title\par {inner('Berth', 'Fee')}{inner('north', '870')}"
    assert (
        told(rf"\pard\intbl menu\cell\pard\intbl {cell}\pard\intbl\cell\row\pard after")
        == "menu\ntitle\nBerth | Fee\nnorth | 870\n\nafter"
    )


def test_a_backslash_at_the_end_of_a_line_ends_the_paragraph(told: Told) -> None:
    assert told("first\\\nsecond\\\r\nthird") == "first\n\nsecond\n\nthird"


@pytest.mark.parametrize(
    "group",
    [
        r"{\v hidden}",
        r"{\deleted hidden}",
        r"{\*\unknown hidden {\b hidden}}",
        r"{\*\generator hidden;}",
        r"{\field{\*\fldinst HYPERLINK hidden}{\fldrslt }}",
        r"{\pict\pngblip 686964 {\*\blipuid 64656e}}",
        r"{\object{\*\objdata 0105}{\result }}",
        r"{\xe hidden}",
        r"{\shp{\*\shpinst{\sp{\sn hidden}{\sv hidden}}}{\shprslt hidden}}",
        r"{\info{\title hidden}}",
    ],
)
def test_what_a_reader_does_not_see_is_left_out(told: Told, group: str) -> None:
    assert told(f"before{group} after") == "before after"


def test_the_text_of_a_link_is_read_and_its_target_is_not(told: Told) -> None:
    assert told(r'see {\field{\*\fldinst{HYPERLINK "http://a.example"}}{\fldrslt the {\ul fees}}}.') == "see the fees."


def test_pictures_of_many_bytes_are_passed_over(told: Told) -> None:
    binary = b"{\\pict\\bin9 }}{{\\'}\\x}"
    assert told(binary + b"{\\*\\shppict{\\pict\\pngblip\n" + b"89504e470d0a1a0a\n" * 200_000 + b"}}shown") == "shown"


def test_notes_and_text_boxes_follow_their_paragraph(told: Told) -> None:
    body = (
        r"fee{\super\chftn{\footnote\pard\chftn  since {\b May}\par}} of 870\par{\shp{\*\shpinst{\shptxt box\par}}}end"
    )
    assert told(body) == "fee of 870\n\nsince May\n\nend\n\nbox"


def test_headers_stand_first_footers_last_each_once_and_page_numbers_not_at_all(told: Told) -> None:
    running = r"{\header Harbour}{\footer \chpgn}{\footer 1}{\footerf Port office}"
    assert told(rf"{running}\sectd text\sect{running}more") == "Harbour\n\ntext\n\nmore\n\nPort office"


@pytest.mark.parametrize(
    "end", ["", "}", "}}}}", "} after the end", "{", r"{\b more", "\\", r"\u", r"\'4", r"\bin99 x"]
)
def test_damage_at_the_end_costs_nothing_before_it(place: Place, end: str) -> None:
    text = rtf.load(place(b"{\\rtf1\\ansi kept" + end.encode(), "a.rtf"), Limits()).pages[0].text
    assert text.startswith("kept")
    assert "after" not in text


def test_groups_without_end_are_refused_quickly(place: Place) -> None:
    with pytest.raises(ParsingLimit, match="nested"):
        rtf.load(place(b"{\\rtf1" + b"{" * 1_000_000, "a.rtf"), Limits())


@pytest.mark.parametrize("data", [b"rtf", b"{\\html}", b"\\rtf1", bytes(range(256))])
def test_what_does_not_begin_as_rtf_is_unreadable(place: Place, data: bytes) -> None:
    with pytest.raises(UnreadableFile):
        rtf.load(place(data, "a.rtf"), Limits())


def test_a_byte_order_mark_and_blank_lines_may_stand_before_it(place: Place) -> None:
    assert rtf.load(place(b"\xef\xbb\xbf\r\n" + make_rtf("x"), "a.rtf"), Limits()).pages[0].text == "x"


def test_a_document_of_pictures_has_no_text(place: Place) -> None:
    with pytest.raises(NoText, match="OCR"):
        rtf.load(place(make_rtf(r"{\pict 00}\par"), "a.rtf"), Limits())


def test_a_text_that_is_too_long_is_refused_as_soon_as_it_is(place: Place) -> None:
    path = place(make_rtf(r"word\par " * 1000), "a.rtf")
    with pytest.raises(ParsingLimit, match="characters"):
        rtf.load(path, Limits(characters=3000))


def test_every_error_of_the_reader_has_a_row() -> None:
    raised = [value for value in vars(richtext).values() if inspect.isclass(value) and issubclass(value, Exception)]
    assert set(raised) == set(rtf.ERRORS)
