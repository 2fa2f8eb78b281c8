"""CSV files."""

import csv as library
from collections.abc import Callable
from pathlib import Path

import pytest

from conversational_rag.errors import EmptyFile, NoText, ParsingLimit, UnreadableFile
from conversational_rag.ingestion.limits import Limits
from conversational_rag.ingestion.loaders import csv
from conversational_rag.ingestion.loaders.base import Kind, LoadedDocument
from conversational_rag.ingestion.loaders.records import PAGE_CHARACTERS

Place = Callable[[bytes, str], Path]
Load = Callable[[str | bytes], LoadedDocument]


@pytest.fixture
def load(place: Place) -> Load:
    def load(data: str | bytes) -> LoadedDocument:
        return csv.load(place(data if isinstance(data, bytes) else data.encode(), "a.csv"), Limits())

    return load


def test_every_row_tells_the_names_of_its_columns(load: Load) -> None:
    document = load("Berth,Fee,Depth\nnorth,870,4.5\nsouth,,3\n")
    assert document.kind is Kind.CSV
    assert document.page_count is None
    assert [(page.number, page.place) for page in document.pages] == [(None, "rows 2-3")]
    assert document.pages[0].text == "Berth: north; Fee: 870; Depth: 4.5\nBerth: south; Depth: 3"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_the_delimiter_is_found(load: Load, delimiter: str, line_end: str) -> None:
    rows = [["Berth", "Fee", "Note"], ["north", "870,50", "a; b"], ["south", "900,10", "x | y"]]
    quoted = (delimiter.join(f'"{cell}"' if delimiter in cell else cell for cell in row) for row in rows)
    document = load(line_end.join(quoted))
    assert document.pages[0].text == ("Berth: north; Fee: 870,50; Note: a; b\nBerth: south; Fee: 900,10; Note: x | y")


def test_decimal_commas_do_not_make_a_semicolon_table_a_comma_table(load: Load) -> None:
    assert load("a;b\n1,5;2,5\n3,5;4,5\n").pages[0].text == "a: 1,5; b: 2,5\na: 3,5; b: 4,5"


def test_excels_own_line_names_the_delimiter(load: Load) -> None:
    assert load("sep=;\r\nname;fee\r\nnorth;1,2,3\r\n").pages[0].text == "name: north; fee: 1,2,3"


def test_quoted_cells_may_hold_line_ends_delimiters_and_quotes(load: Load) -> None:
    assert load('name,note\nnorth,"first,\nsecond ""line"""\nsouth,x\n').pages[0].text == (
        'name: north; note: first, second "line"\nname: south; note: x'
    )


def test_rows_may_be_longer_or_shorter_than_the_header(load: Load) -> None:
    assert load("a,b\n1\n1,2,3\n").pages[0].text == "a: 1\na: 1; b: 2; column 3: 3"


def test_a_column_without_a_name_is_called_by_its_number(load: Load) -> None:
    assert load(",name\n0,north\n1,south\n").pages[0].text == ("column 1: 0; name: north\ncolumn 1: 1; name: south")


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("north,870\nsouth,900\n", "north | 870\nsouth | 900"),
        ("2024-05-01,a\n2024-05-02,b\n", "2024-05-01 | a\n2024-05-02 | b"),
        ("north\nsouth\n", "north\nsouth"),
        ("a,b,c", "a | b | c"),
    ],
)
def test_a_table_without_a_header_is_told_as_it_stands(load: Load, source: str, told: str) -> None:
    assert load(source).pages[0].text == told
    assert load(source).pages[0].place in {"row 1", "rows 1-2"}


def test_years_are_names_of_columns(load: Load) -> None:
    assert load("Country,2022,2023\nNorway,5,6\n").pages[0].text == "Country: Norway; 2022: 5; 2023: 6"


def test_lines_above_the_header_are_kept(load: Load) -> None:
    document = load("Report of May,,\n\nBerth,Fee,Depth\nnorth,870,4\nsouth,900,5\n")
    assert document.pages[0].text == (
        "Report of May\nBerth: north; Fee: 870; Depth: 4\nBerth: south; Fee: 900; Depth: 5"
    )
    assert document.pages[0].place == "rows 1-5"


def test_pages_hold_about_a_chunk_of_whole_rows_and_say_which(load: Load) -> None:
    document = load("berth,fee\n" + "".join(f"berth {number},{number}\n" for number in range(2, 302)))
    assert len(document.pages) > 3
    assert all(len(page.text) <= PAGE_CHARACTERS for page in document.pages)
    for page in document.pages:
        assert page.place is not None
        first, last = page.place.removeprefix("rows ").split("-")
        lines = page.text.split("\n")
        assert lines[0] == f"berth: berth {first}; fee: {first}"
        assert lines[-1] == f"berth: berth {last}; fee: {last}"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_the_encoding_is_found(load: Load, encoding: str) -> None:
    source = "Straße,Gebühr\nKölner Straße,fünf €\nGrüne Straße,zwölf\n"
    assert load(source.encode(encoding)).pages[0].text.startswith("Straße: Kölner Straße; Gebühr: fünf €\n")


def test_stray_zero_bytes_are_left_out(load: Load) -> None:
    source = b"name,fee\n" + b"north,870\n" * 1000 + b"so\0uth,9\0\n"
    assert load(source).pages[-1].text.endswith("name: north; fee: 870\nname: south; fee: 9")


def test_a_quotation_mark_that_nobody_closed_does_not_swallow_the_rest(load: Load) -> None:
    assert load('name,size\nnorth,"5 inch\nsouth,6\neast,7\n').pages[0].text == (
        'name: north; size: "5 inch\nname: south; size: 6\nname: east; size: 7'
    )


def test_a_cell_may_be_longer_than_the_default_limit_of_the_library(load: Load) -> None:
    document = load(f'name,text\nnorth,"{"word " * 50_000}"\n')
    assert len(document.pages[0].text) > 200_000
    assert document.pages[0].place == "row 2"


def test_five_megabytes_on_one_line_are_read(load: Load) -> None:
    document = load("value," * 850_000)
    assert [page.place for page in document.pages] == ["row 1"]
    assert document.characters > 5_000_000


def test_names_of_columns_cannot_blow_up_the_text(place: Place) -> None:
    path = place(("column" * 100 + ",b\n" + "1,2\n" * 10_000).encode(), "a.csv")
    with pytest.raises(ParsingLimit):
        csv.load(path, Limits(characters=1_000_000))


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b" \n", EmptyFile),
        (b",,\n,,\n", NoText),
        ("\x1a\n\x9a".encode("utf-16"), NoText),
        (bytes(range(256)), UnreadableFile),
    ],
)
def test_what_holds_no_values_is_refused(load: Load, data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        load(data)


def test_the_one_error_of_the_library_has_a_row() -> None:
    assert set(csv.ERRORS) == {library.Error}
    assert isinstance(csv.ERRORS[library.Error](library.Error("/srv/secret")), UnreadableFile)
    assert "secret" not in csv.ERRORS[library.Error](library.Error("/srv/secret")).detail
