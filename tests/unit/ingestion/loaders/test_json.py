"""JSON and JSON Lines files."""

import json as library
from collections.abc import Callable
from pathlib import Path

import pytest

from conversational_rag.errors import EmptyFile, NoText, ParsingLimit, UnreadableFile
from conversational_rag.ingestion.limits import Limits
from conversational_rag.ingestion.loaders import json
from conversational_rag.ingestion.loaders.base import Kind, LoadedDocument
from conversational_rag.ingestion.loaders.records import PAGE_CHARACTERS

Place = Callable[[bytes, str], Path]
Load = Callable[[str | bytes], LoadedDocument]


@pytest.fixture
def load(place: Place) -> Load:
    def load(data: str | bytes) -> LoadedDocument:
        return json.load(place(data if isinstance(data, bytes) else data.encode(), "a.json"), Limits())

    return load


def told(document: LoadedDocument) -> list[tuple[str | None, str]]:
    return [(page.place, page.text) for page in document.pages]


def test_values_are_told_by_their_paths_in_the_order_of_the_file(load: Load) -> None:
    document = load(
        '{"name": "Harbour", "open": true, "hours": {"mon": "9-5", "days": ["mon", "tue"]}, "fax": null, "x": ""}'
    )
    assert document.kind is Kind.JSON
    assert document.page_count is None
    assert told(document) == [
        ("keys name to hours", "name: Harbour\nopen: true\nhours.mon: 9-5\nhours.days: mon, tue"),
    ]


def test_a_list_of_records_has_a_paragraph_for_each(load: Load) -> None:
    document = load(
        '[{"berth": "north", "fees": [{"week": 870}, {"week": 900}]}, {"berth": "south", "size": {"m": 4.50}}]'
    )
    assert told(document) == [
        (
            "records 1-2",
            "berth: north\nfees[0].week: 870\nfees[1].week: 900\n\nberth: south\nsize.m: 4.50",
        )
    ]


def test_records_inside_an_object_are_placed_by_their_path(load: Load) -> None:
    document = load('{"version": 2, "data": {"items": [{"id": 1}, {"id": 2}], "total": 2}, "end": "x"}')
    assert told(document) == [
        ("key version", "version: 2"),
        ("data.items, records 1-2", "data.items.id: 1\n\ndata.items.id: 2"),
        ("keys data to end", "data.total: 2\nend: x"),
    ]


def test_json_lines_are_records(load: Load) -> None:
    assert told(load('{"a": 1}\n\n{"a": 2}\r\n["x", "y"]\n"z"\n')) == [("records 1-4", "a: 1\n\na: 2\n\nx, y\n\nz")]


def test_pages_hold_about_a_chunk_of_whole_records_and_say_which(load: Load) -> None:
    document = load(library.dumps([{"number": number, "name": f"berth {number}"} for number in range(1, 200)]))
    assert len(document.pages) > 3
    for page in document.pages:
        assert len(page.text) <= PAGE_CHARACTERS
        assert page.place is not None
        first, last = page.place.removeprefix("records ").split("-")
        assert page.text.startswith(f"number: {first}\n")
        assert page.text.endswith(f"name: berth {last}")


def test_numbers_are_told_as_they_are_written(load: Load) -> None:
    big = "1" * 10_000
    first, second = load(f'{{"a": {big}, "b": 1.500, "c": 1e400, "d": NaN, "e": -0}}').pages
    assert first.text == f"a: {big}"
    assert second.text == "b: 1.500\nc: 1e400\nd: NaN\ne: -0"


def test_a_key_that_comes_twice_is_told_twice(load: Load) -> None:
    assert load('{"fee": 1, "fee": 2}').pages[0].text == "fee: 1\nfee: 2"


def test_long_texts_keep_their_lines_but_not_the_blank_ones(load: Load) -> None:
    assert load(library.dumps({"note": "first\n\n \nsecond\r\nthird"})).pages[0].text == "note: first\nsecond\nthird"


def test_a_list_of_long_texts_has_an_entry_for_each(load: Load) -> None:
    first, second = "a" * 150, "b" * 150
    assert told(load(library.dumps({"texts": [first, second]}))) == [
        ("texts, records 1-2", f"texts: {first}\n\ntexts: {second}")
    ]


@pytest.mark.parametrize(("source", "text"), [('"x"', "x"), ("5", "5"), ("false", "false"), ('["a", 1, null]', "a\n1")])
def test_a_file_may_be_a_single_value(load: Load, source: str, text: str) -> None:
    assert load(source).pages[0].text == text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_the_encoding_is_found(load: Load, encoding: str) -> None:
    assert load('{"straße": "Grüße aus Köln"}'.encode(encoding)).pages[0].text == "straße: Grüße aus Köln"


def test_escapes_that_nobody_can_read_are_left_out(load: Load) -> None:
    assert (
        load(r'{"a": "x\ud800\u0000y \ud83d\ude00", "b\n c": "tab\there"}').pages[0].text == "a: xy 😀\nb c: tab\there"
    )


@pytest.mark.parametrize(
    ("source", "where"),
    [
        ('{"a": 1,\n "b": }', "line 2, column 7"),
        ("{'a': 1}", "line 1, column 2"),
        ('{"a": 1}\n{"a": 2}\n{"a": \n', "line 4, column 1"),
        ('{"a": 1} trailing', "line 1, column 10"),
    ],
)
def test_what_is_not_json_is_named_by_line_and_column(load: Load, source: str, where: str) -> None:
    with pytest.raises(UnreadableFile, match=where):
        load(source)


@pytest.mark.parametrize("brackets", ["[" * 100_000, '{"a":' * 100_000, "[" * 100_000 + "1" + "]" * 100_000])
def test_deep_nesting_is_a_limit_and_not_a_crash(load: Load, brackets: str) -> None:
    with pytest.raises(ParsingLimit, match="nested"):
        load(brackets)


def test_nesting_as_programs_write_it_is_read(load: Load) -> None:
    assert load("[" * 100 + '"x"' + "]" * 100).pages[0].text.endswith(": x")


def test_paths_cannot_blow_up_the_text(place: Place) -> None:
    source = library.dumps({"key" * 300: {str(number): number for number in range(20_000)}})
    with pytest.raises(ParsingLimit):
        json.load(place(source.encode(), "a.json"), Limits(characters=1_000_000))


@pytest.mark.parametrize(
    ("data", "error"), [(b"", EmptyFile), (b"{}", NoText), (b"[null, {}]", NoText), (b"\0\1\2" * 99, UnreadableFile)]
)
def test_what_holds_no_values_is_refused(load: Load, data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        load(data)


def test_a_key_as_long_as_a_page_is_cut_as_a_place(load: Load) -> None:
    place = load(library.dumps({"k" * 5000: 1})).pages[0].place
    assert place is not None
    assert len(place) < 120


@pytest.mark.parametrize("error", [library.JSONDecodeError("secret", "", 0), RecursionError("secret")])
def test_every_error_of_the_library_has_a_row(error: Exception) -> None:
    assert isinstance(json.ERRORS[type(error)](error), UnreadableFile | ParsingLimit)


def test_no_row_tells_of_an_error_that_is_not_of_the_library() -> None:
    assert all("secret" not in meaning(Exception("/srv/secret")).detail for meaning in json.ERRORS.values())
