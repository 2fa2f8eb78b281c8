"""OpenDocument texts, as LibreOffice writes them, through the loader."""

from collections.abc import Callable
from pathlib import Path

import pytest
from files.book_makers import make_odt
from files.makers import make_zip, replace_members
from files.office_makers import billion_laughs

from conversational_rag.errors import EncryptedFile, ParsingLimit, UnreadableFile
from conversational_rag.ingestion.limits import Limits
from conversational_rag.ingestion.loaders.base import Kind, LoadedDocument
from conversational_rag.ingestion.loaders.odt import load

Place = Callable[[bytes, str], Path]
Load = Callable[..., LoadedDocument]
Read = Callable[[str], str]


@pytest.fixture
def loaded(place: Place) -> Load:
    return lambda data, **limits: load(place(data, "a.odt"), Limits(**limits))


@pytest.fixture
def read(loaded: Load) -> Read:
    """A body's markup to the text of the only page."""

    def read(body: str) -> str:
        (page,) = loaded(make_odt(body)).pages
        return page.text

    return read


def heading(text: str, level: int = 1) -> str:
    return f'<text:h text:outline-level="{level}">{text}</text:h>'


def paragraph(text: str) -> str:
    return f"<text:p>{text}</text:p>"


def table(*rows: str) -> str:
    return f"<table:table><table:table-column/>{''.join(rows)}</table:table>"


def row(*cells: str) -> str:
    inside = "".join(f"<table:table-cell>{cell}</table:table-cell>" for cell in cells)
    return f"<table:table-row>{inside}</table:table-row>"


def test_sections_begin_at_the_top_headings(loaded: Load) -> None:
    body = [
        *(paragraph("Before."), heading("Harbour"), heading("Opening hours", 2), paragraph("From eight.")),
        *(heading("In winter", 3), paragraph("From nine."), heading("Prices"), paragraph("Free.")),
    ]
    document = loaded(make_odt("".join(body)))
    assert (document.kind, document.page_count) == (Kind.ODT, None)
    assert [(page.number, page.place, page.text) for page in document.pages] == [
        (None, None, "Before."),
        (None, "section Opening hours", "Harbour\n\nOpening hours\n\nFrom eight.\n\nIn winter\n\nFrom nine."),
        (None, "section Prices", "Prices\n\nFree."),
    ]


def test_spaces_tabs_and_breaks_are_elements_and_white_space_of_the_markup_is_one_space(read: Read) -> None:
    body = paragraph(
        '  one\n   two <text:span> three</text:span><text:s text:c="3"/>four<text:tab/>five<text:line-break/>six'
    )
    assert read(body) == "one two three   four\tfive\nsix"


def test_counts_of_spaces_that_no_text_has_do_no_harm(read: Read) -> None:
    assert read(paragraph('a<text:s text:c="999999999"/>b<text:s text:c="x"/>c')) == "a b c"


def test_lists_are_read_to_their_depth(read: Read) -> None:
    inner = f"<text:list><text:list-item>{paragraph('b')}</text:list-item></text:list>"
    body = f"<text:list><text:list-item>{paragraph('a')}{inner}</text:list-item></text:list>{paragraph('c')}"
    assert read(body).split() == ["a", "b", "c"]


def test_tables_have_a_line_for_each_row_and_merged_cells_keep_their_place(read: Read) -> None:
    header = f"<table:table-header-rows>{row(paragraph('fruit'), paragraph('price'))}</table:table-header-rows>"
    merged = f"<table:table-cell>{paragraph('all')}</table:table-cell><table:covered-table-cell/>"
    rows = [row(paragraph("quince"), paragraph("7") + paragraph("euro")), row("", "")]
    text = read(table(header, *rows, f"<table:table-row>{merged}</table:table-row>"))
    assert text.split("\n") == ["fruit | price", "quince | 7 euro", "all | "]


def test_a_cell_that_is_repeated_is_told_as_often(read: Read) -> None:
    repeated = f'<table:table-cell table:number-columns-repeated="2">{paragraph("x")}</table:table-cell>'
    endless = '<table:table-cell table:number-columns-repeated="16384"/>'
    assert read(table(f"<table:table-row>{repeated}{endless}</table:table-row>")) == "x | x | "


def test_a_table_inside_a_cell_stays_in_its_cell(read: Read) -> None:
    inner = table(row(paragraph("b"), paragraph("c")), row(paragraph("d"), paragraph("e")))
    assert read(table(row(paragraph("a"), inner))) == "a | b | c; d | e"


def test_notes_and_text_boxes_follow_their_paragraph(read: Read) -> None:
    aside = f"<text:note-citation>1</text:note-citation><text:note-body>{paragraph('Aside.')}</text:note-body>"
    box = f"<draw:frame><draw:text-box>{paragraph('Boxed.')}</draw:text-box><svg:title>alt</svg:title></draw:frame>"
    assert (
        read(paragraph(f"One<text:note>{aside}</text:note> two{box}.") + paragraph("Three."))
        == "One two.\n\nAside.\n\nBoxed.\n\nThree."
    )


def test_what_was_deleted_and_what_is_said_about_the_text_are_left_out(read: Read) -> None:
    deleted = f"<text:changed-region><text:deletion>{paragraph('deleted')}</text:deletion></text:changed-region>"
    comment = f"<office:annotation>{paragraph('comment')}</office:annotation>"
    body = f"<text:tracked-changes>{deleted}</text:tracked-changes>" + paragraph(f"ke<text:change/>pt{comment} text")
    assert read(body) == "kept text"


def test_fields_say_what_they_show_but_page_numbers(read: Read) -> None:
    fields = "<text:title>The Harbour</text:title>, <text:date>1 May</text:date> <text:page-number>7</text:page-number>"
    assert read(paragraph(fields)) == "The Harbour, 1 May"


def test_contents_hidden_sections_and_pronunciations_are_left_out(read: Read) -> None:
    contents = (
        f"<text:table-of-content><text:index-body>{paragraph('Prices 7')}</text:index-body></text:table-of-content>"
    )
    hidden = f'<text:section text:display="none">{paragraph("hidden")}</text:section>'
    ruby = "<text:ruby><text:ruby-base>東京</text:ruby-base><text:ruby-text>とうきょう</text:ruby-text></text:ruby>"
    shown = f"<text:section>{paragraph(f'in {ruby}')}</text:section>"
    assert read(contents + hidden + shown) == "in 東京"


def test_headers_come_first_and_footers_last_each_once(loaded: Load) -> None:
    running = (
        "<style:header>{0}</style:header><style:footer>{1}</style:footer><style:footer-left>{1}</style:footer-left>"
    )
    page = f"<style:master-page>{running.format(paragraph('Top'), paragraph('Bottom'))}</style:master-page>"
    number = f"<style:master-page><style:footer>{paragraph('- 3 -')}</style:footer></style:master-page>"
    (first,) = loaded(make_odt(paragraph("Body."), styles=page + page + number)).pages
    assert first.text == "Top\n\nBody.\n\nBottom"


def test_a_document_whose_styles_are_damaged_is_read_without_them(loaded: Load) -> None:
    for styles in ("nonsense", None):
        document = loaded(replace_members(make_odt(paragraph("Body.")), {"styles.xml": styles}))
        assert document.pages[0].text == "Body."


def test_a_document_without_text_has_no_pages(loaded: Load) -> None:
    assert loaded(make_odt(paragraph(""))).pages == ()


def test_a_password_is_recognised(loaded: Load) -> None:
    entry = '<manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/></manifest:file-entry>'
    with pytest.raises(EncryptedFile):
        loaded(make_odt("", manifest=entry))
    with pytest.raises(EncryptedFile):
        loaded(make_odt("", manifest=entry, members={"content.xml": "\x93\x01\x07"}))


@pytest.mark.parametrize("content", [None, "nonsense", "<office:document-content>", ""])
def test_a_damaged_document_is_unreadable(loaded: Load, content: str | None) -> None:
    with pytest.raises(UnreadableFile):
        loaded(replace_members(make_odt(paragraph("x")), {"content.xml": content}))


def test_a_long_text_is_refused(loaded: Load) -> None:
    with pytest.raises(ParsingLimit, match="characters"):
        loaded(make_odt(paragraph("w" * 1000) * 11), characters=10_000)


def test_a_bomb_is_refused_before_it_is_unpacked(loaded: Load) -> None:
    with pytest.raises(ParsingLimit, match="as no document does"):
        loaded(make_zip({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": b" " * 40_000_000}))


def test_entities_are_neither_resolved_nor_fetched(loaded: Load, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    doctype = f'<!DOCTYPE x [<!ENTITY xxe SYSTEM "{secret.as_uri()}">]>'
    assert loaded(make_odt(paragraph("before &xxe;after"), doctype=doctype)).pages[0].text == "before after"


@pytest.mark.parametrize("body", [paragraph("&lol9;kept"), '<text:p text:style-name="&lol9;">kept</text:p>'])
def test_a_billion_laughs_are_not_laughed(loaded: Load, body: str) -> None:
    try:
        document = loaded(make_odt(body, doctype=billion_laughs("x")))
    except UnreadableFile:
        return
    assert document.pages[0].text == "kept"


def test_nesting_without_end_is_unreadable(loaded: Load) -> None:
    deep = "<text:section>" * 5000 + "</text:section>" * 5000
    with pytest.raises(UnreadableFile):
        loaded(make_odt(deep))


def test_nesting_as_deep_as_the_parser_takes_it_has_a_verdict(loaded: Load) -> None:
    deep = "<text:section>" * 250 + paragraph("deep") + "</text:section>" * 250
    assert loaded(make_odt(deep)).pages[0].text == "deep"


def test_a_heading_as_long_as_a_page_names_its_section_shortly(loaded: Load) -> None:
    (page,) = loaded(make_odt(heading("very " * 1000 + "long") + paragraph("x"))).pages
    assert (page.place or "").startswith("section very very")
    assert len(page.place or "") < 200
    assert len(page.text) > 5000
