"""Workbooks, as Excel writes them, through the loader."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from files.makers import make_zip, replace_members
from files.office_makers import Formula, Styled, billion_laughs, make_xlsx, make_xlsx_of_xml, relationships

from conversational_rag.errors import ParsingLimit, UnreadableFile
from conversational_rag.ingestion.limits import Limits
from conversational_rag.ingestion.loaders.base import Kind, LoadedDocument
from conversational_rag.ingestion.loaders.xlsx import load

Place = Callable[[bytes, str], Path]
Load = Callable[..., LoadedDocument]
PRICES = [["Item", "Price"], ["Quince", 7.5], ["Plum", 3]]


@pytest.fixture
def loaded(place: Place) -> Load:
    return lambda data, **limits: load(place(data, "a.xlsx"), Limits(**limits))


def lines(document: LoadedDocument) -> list[str]:
    return [line for page in document.pages for line in page.text.split("\n")]


def test_each_row_says_what_its_values_are_and_where_it_stands(loaded: Load) -> None:
    document = loaded(make_xlsx({"Prices": PRICES, "Hours": [["closed on Mondays"]]}))
    assert (document.kind, document.page_count, document.notes) == (Kind.XLSX, None, ())
    assert [(page.number, page.place, page.text) for page in document.pages] == [
        (None, "sheet Prices, rows 2-3", "Item: Quince; Price: 7.5\nItem: Plum; Price: 3"),
        (None, "sheet Hours, row 1", "closed on Mondays"),
    ]


def test_a_long_sheet_is_told_in_stretches_of_rows_that_follow_one_another(loaded: Load) -> None:
    document = loaded(make_xlsx({"S": [["Item", "Price"], *([f"fruit {n}", n] for n in range(2, 92))]}))
    places = [(page.place or "").removeprefix("sheet S, rows ").split("-") for page in document.pages]
    assert len(places) > 2
    assert [int(first) for first, _last in places] == [2, *(int(last) + 1 for _first, last in places[:-1])]
    assert all(f"Price: {first}" in page.text for page, (first, _last) in zip(document.pages, places, strict=True))
    assert [line.removeprefix("Item: ") for line in lines(document)] == [f"fruit {n}; Price: {n}" for n in range(2, 92)]


@pytest.mark.parametrize(
    "rows",
    [
        [["one", 1], ["two", 2]],
        [["Name:", "Anna"], ["City:", "Berlin"]],
        [["both", "both"], ["a", "b"]],
        [["w" * 101, "x"], ["a", "b"]],
        [["---", "x"], ["a", "b"]],
        [["Item", "Price"]],
    ],
)
def test_without_headings_the_values_stand_side_by_side(loaded: Load, rows: list[list[str | float]]) -> None:
    assert lines(loaded(make_xlsx({"S": rows}))) == [" | ".join(map(str, row)) for row in rows]


def test_years_may_be_headings(loaded: Load) -> None:
    assert lines(loaded(make_xlsx({"S": [["Port", 2025, 2026], ["Rye", 4, 5]]}))) == ["Port: Rye; 2025: 4; 2026: 5"]


def test_a_title_stands_before_the_headings_and_each_table_has_its_own(loaded: Load) -> None:
    rows = [["Price list"], *PRICES[:2], [], *PRICES[2:], [], ["Wages"], ["Name", "Pay", "Since"], ["Ann", 9, 2020]]
    assert lines(loaded(make_xlsx({"S": rows}))) == [
        *("Price list", "Item: Quince; Price: 7.5", "Item: Plum; Price: 3", "Wages", "Name: Ann; Pay: 9; Since: 2020")
    ]


def test_a_value_without_a_heading_is_told_by_the_letters_of_its_column(loaded: Load) -> None:
    rows = [["Item", None, "Note"], [None, "loose", "late"], ["Fig"]]
    assert lines(loaded(make_xlsx({"S": rows}))) == ["column B: loose; Note: late", "Item: Fig"]


def test_numbers_are_shown_in_the_format_of_their_cell(loaded: Load) -> None:
    row = [Styled(46082, "d. mmmm yyyy"), Styled(0.195, "0.0%"), Styled(7.5, '#,##0.00 "€"'), 0.1 + 0.2]
    assert lines(loaded(make_xlsx({"S": [row]}))) == ["2026-03-01 | 19.5% | 7.50 € | 0.3"]


def test_old_macs_count_days_from_another_year(loaded: Load) -> None:
    data = make_xlsx({"S": [[Styled(44620, "yyyy-mm-dd")]]}, since_1904=True)
    assert lines(loaded(data)) == ["2026-03-01"]


def test_formats_that_need_no_spelling_out_are_known(loaded: Load) -> None:
    cells = "".join(f'<c s="{n}"><v>46082.5</v></c>' for n in (1, 2, 3))
    data = make_xlsx_of_xml({"S": f"<sheetData><row>{cells}</row></sheetData>"})
    styles = '<styleSheet><cellXfs><xf/><xf numFmtId="14"/><xf numFmtId="22"/><xf numFmtId="2"/></cellXfs></styleSheet>'
    assert lines(loaded(replace_members(data, {"xl/styles.xml": styles}))) == [
        "2026-03-01 | 2026-03-01 12:00 | 46082.50"
    ]


def test_what_formulas_came_to_is_read_and_what_they_never_came_to_is_told(loaded: Load) -> None:
    row = [Formula("A1*2", 15), Formula('"a"&"b"', "ab"), Formula("NOW()", None), Formula("B1+1", None)]
    document = loaded(make_xlsx({"S": [["x", *row]]}))
    assert lines(document) == ["x | 15 | ab"]
    assert document.notes[0].startswith("Formulas without a stored result were left out: 2;")


def test_truth_values_dates_of_the_strict_kind_and_errors(loaded: Load) -> None:
    cells = '<c t="b"><v>1</v></c><c t="d"><v>2026-03-01T08:30:00</v></c><c t="e"><f>1/0</f><v>#DIV/0!</v></c>'
    document = loaded(make_xlsx_of_xml({"S": f"<sheetData><row>{cells}</row></sheetData>"}))
    assert lines(document) == ["TRUE | 2026-03-01 08:30:00"]
    assert document.notes == ()


def test_rich_text_is_joined_and_pronunciations_are_left_out(loaded: Load) -> None:
    rich = "<r><t>very </t></r><r><rPr><b/></rPr><t>bold</t></r><rPh><t>ボールド</t></rPh>"
    cells = (
        '<c t="s"><v>0</v></c><c t="inlineStr"><is><t>in line</t></is></c><c t="s"><v>1</v></c><c t="s"><v>9</v></c>'
    )
    document = loaded(
        make_xlsx_of_xml({"S": f"<sheetData><row>{cells}</row></sheetData>"}, [rich, "two_x000D_\nlines"])
    )
    assert lines(document) == ["very bold | in line | two lines"]


def test_what_is_merged_over_rows_stands_in_each_of_them(loaded: Load) -> None:
    rows = [["Region", "City"], ["North", "Oslo"], [None, "Bergen"], [None, "Rome"]]
    assert lines(loaded(make_xlsx({"S": rows}, merged=["A2:A3", "A1:C1"]))) == [
        *("Region: North; City: Oslo", "Region: North; City: Bergen", "City: Rome")
    ]


def test_hidden_sheets_are_left_out_and_named(loaded: Load) -> None:
    document = loaded(make_xlsx({"Prices": PRICES, "Salaries": [["secret"]]}, hidden=["Salaries"]))
    assert "secret" not in " ".join(lines(document))
    assert document.notes == ("Hidden sheets were left out; unhide them to have them read: Salaries.",)


def test_cells_may_leave_out_where_they_stand(loaded: Load) -> None:
    rows = (
        "<row><c t='str'><v>a</v></c><c t='str'><v>b</v></c></row>"
        "<row><c r='AB2'><v>3</v></c><c><v>4</v></c></row><row r='7'><c r='A7'><v>5</v></c></row>"
    )
    document = loaded(make_xlsx_of_xml({"S": f"<sheetData>{rows}</sheetData>"}))
    assert document.pages[0].text == "column AB: 3; column AC: 4\n5"
    assert document.pages[0].place == "sheet S, rows 2-7"


def test_a_million_rows_that_are_only_formatted_are_not_there(loaded: Load) -> None:
    blank = "".join(f'<row r="{n}"><c r="A{n}" s="0"/></row>' for n in range(2, 200_000))
    rows = f'<row r="1"><c r="A1"><v>1</v></c></row>{blank}<row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
    document = loaded(make_xlsx_of_xml({"S": f"<sheetData>{rows}</sheetData>"}))
    assert [(page.place, page.text) for page in document.pages] == [("sheet S, rows 1-1048576", "1\n2")]


def test_a_workbook_without_cells_has_no_pages(loaded: Load) -> None:
    assert loaded(make_xlsx({"S": []})).pages == ()


def test_parts_are_found_by_their_relationships(loaded: Load) -> None:
    data = make_xlsx({"Prices": PRICES})
    moved = {
        "xl/worksheets/sheet1.xml": None,
        "data/First.XML": _member(data, "xl/worksheets/sheet1.xml"),
        "xl/_rels/workbook.xml.rels": relationships(
            {"rId1": ("worksheet", "/data/first.xml"), "rIdS": ("sharedStrings", "./sharedStrings.xml")}
        ),
        "_rels/.rels": None,
    }
    assert lines(loaded(replace_members(data, moved))) == ["Item: Quince; Price: 7.5", "Item: Plum; Price: 3"]


@pytest.mark.parametrize(
    "members",
    [
        {"xl/workbook.xml": "nonsense"},
        {"xl/workbook.xml": None},
        {"xl/worksheets/sheet1.xml": "<worksheet><sheetData><row>"},
        {"xl/sharedStrings.xml": "<sst><si>"},
        {"xl/styles.xml": b"\xff\xfe\x00"},
    ],
)
def test_a_damaged_workbook_is_unreadable(loaded: Load, members: dict[str, str | bytes | None]) -> None:
    with pytest.raises(UnreadableFile):
        loaded(replace_members(make_xlsx({"S": PRICES}), members))


def test_numbers_that_no_cell_can_hold_do_no_harm(loaded: Load) -> None:
    cells = '<c s="99"><v>1e400</v></c><c s="x"><v>nan</v></c><c t="s"><v>-3</v></c><c r="A99999999999"><v>5</v></c>'
    document = loaded(make_xlsx_of_xml({"S": f'<sheetData><row r="{"9" * 5000}">{cells}</row></sheetData>'}))
    assert lines(document) == ["5"]


def test_entities_are_neither_resolved_nor_fetched(loaded: Load, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    doctype = f'<!DOCTYPE worksheet [<!ENTITY xxe SYSTEM "{secret.as_uri()}">]>'
    rows = '<row><c t="str"><v>a&xxe;</v></c><c><v>1</v></c></row>'
    assert lines(loaded(make_xlsx_of_xml({"S": f"<sheetData>{rows}</sheetData>"}, doctype=doctype))) == ["a | 1"]


@pytest.mark.parametrize("cell", ["<v>&lol9;</v>", '<v x="&lol9;">1</v>'])
def test_a_billion_laughs_are_not_laughed(loaded: Load, cell: str) -> None:
    markup = f'<sheetData><row><c t="str">{cell}</c></row></sheetData>'
    try:
        document = loaded(make_xlsx_of_xml({"S": markup}, doctype=billion_laughs("worksheet")))
    except UnreadableFile:
        return
    assert document.characters < 100


def test_text_that_few_strings_make_by_being_repeated_is_counted_as_it_comes(loaded: Load) -> None:
    cells = '<c t="s"><v>0</v></c>' * 1000
    data = make_xlsx_of_xml({"S": f"<sheetData>{f'<row>{cells}</row>' * 20}</sheetData>"}, ["w" * 30_000])
    with pytest.raises(ParsingLimit, match="characters"):
        loaded(data, characters=40_000_000)


def test_a_part_that_is_listed_many_times_is_not_read_many_times(loaded: Load) -> None:
    data = make_xlsx_of_xml({f"S{n}": "<sheetData/>" for n in range(50)})
    blank = f"<worksheet>{' ' * 100_000}</worksheet>"
    same = {f"rId{n}": ("worksheet", "worksheets/sheet1.xml") for n in range(1, 51)}
    members = {"xl/worksheets/sheet1.xml": blank, "xl/_rels/workbook.xml.rels": relationships(same)}
    with pytest.raises(ParsingLimit, match="1 MB"):
        loaded(replace_members(data, members), unpacked_bytes=2**20)


@pytest.mark.parametrize("limit", [{"unpacked_bytes": 2000}, {"parts": 3}])
def test_what_unpacks_to_too_much_is_refused(loaded: Load, limit: dict[str, int]) -> None:
    with pytest.raises(ParsingLimit):
        loaded(make_xlsx({"S": [["w" * 5000]]}), **limit)


def test_a_bomb_is_refused_before_it_is_unpacked(loaded: Load) -> None:
    with pytest.raises(ParsingLimit, match="as no document does"):
        loaded(make_zip({"xl/workbook.xml": "<x/>", "xl/worksheets/sheet1.xml": b" " * 40_000_000}))


def _member(archive: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(archive)) as members:
        return members.read(name)
