"""Presentations, as PowerPoint writes them, through the loader."""

from collections.abc import Callable
from pathlib import Path

import pytest
from files.makers import make_zip, replace_members
from files.office_makers import billion_laughs, group, make_pptx, shape, slide_table

from conversational_rag.errors import ParsingLimit, UnreadableFile
from conversational_rag.ingestion.limits import Limits
from conversational_rag.ingestion.loaders.base import Kind, LoadedDocument
from conversational_rag.ingestion.loaders.pptx import load

Place = Callable[[bytes, str], Path]
Load = Callable[..., LoadedDocument]


@pytest.fixture
def loaded(place: Place) -> Load:
    return lambda data, **limits: load(place(data, "a.pptx"), Limits(**limits))


def texts(document: LoadedDocument) -> list[str]:
    return [page.text for page in document.pages]


def test_a_slide_is_a_page_under_its_number(loaded: Load) -> None:
    document = loaded(make_pptx([shape("One"), "", shape("Three")]))
    assert (document.kind, document.page_count, document.notes) == (Kind.PPTX, 3, ())
    assert [(page.number, page.place, page.text) for page in document.pages] == [
        (1, "slide 1", "One"),
        (2, "slide 2", ""),
        (3, "slide 3", "Three"),
    ]


def test_the_title_comes_first_and_the_rest_in_the_order_of_reading(loaded: Load) -> None:
    shapes = [
        shape("Left\nlower left"),
        shape("Opening hours", "title"),
        shape("Right", "body"),
        shape("Sub", "subTitle"),
    ]
    assert texts(loaded(make_pptx(["".join(shapes)]))) == ["Opening hours\n\nLeft\nlower left\n\nRight\n\nSub"]


def test_slides_come_in_the_order_of_the_show(loaded: Load) -> None:
    document = loaded(make_pptx([shape("first file"), shape("second file")], listed=[2, 1]))
    assert texts(document) == ["second file", "first file"]


def test_tables_have_a_line_for_each_row(loaded: Load) -> None:
    table = slide_table([["Fruit", "Price"], ["", ""], ["Quince", "7\neuro"]])
    assert texts(loaded(make_pptx([table]))) == ["Fruit | Price\nQuince | 7 euro"]


def test_shapes_in_groups_are_read_where_the_group_stands(loaded: Load) -> None:
    shapes = shape("a") + group(shape("b"), group(shape("c"), slide_table([["d", "e"]]))) + shape("f")
    assert texts(loaded(make_pptx([shapes]))) == ["a\n\nb\n\nc\n\nd | e\n\nf"]


def test_the_speakers_notes_follow_their_slide(loaded: Load) -> None:
    document = loaded(make_pptx([shape("One"), shape("Two")], notes={2: "Speak slowly.\nSmile."}))
    assert texts(document) == ["One", "Two\n\nNotes: Speak slowly.\nSmile."]


def test_the_words_of_a_diagram_are_read(loaded: Load) -> None:
    assert texts(loaded(make_pptx([shape("Steps")], diagrams={1: "sow\nreap"}))) == ["Steps\n\nsow\nreap"]


def test_numbers_dates_and_footers_of_slides_are_left_out(loaded: Load) -> None:
    running = "".join(shape("running", kind) for kind in ("sldNum", "dt", "ftr"))
    field = '<a:fld type="slidenum"><a:t>7</a:t></a:fld><a:fld type="datetime1"><a:t>May</a:t></a:fld>'
    own = f"<p:sp><p:txBody><a:p><a:r><a:t>Page </a:t></a:r>{field}</a:p></p:txBody></p:sp>"
    assert texts(loaded(make_pptx([running + own]))) == ["Page May"]


def test_breaks_and_tabs_are_kept(loaded: Load) -> None:
    runs = "<a:r><a:t>one</a:t></a:r><a:br/><a:r><a:t>two</a:t></a:r><a:tab/><a:r><a:t>three</a:t></a:r>"
    slide = f"<p:sp><p:txBody><a:p>{runs}</a:p></p:txBody></p:sp>"
    assert texts(loaded(make_pptx([slide]))) == ["one\ntwo\tthree"]


def test_what_is_there_twice_for_older_programs_is_read_once(loaded: Load) -> None:
    both = f"<mc:AlternateContent><mc:Choice>{shape('a')}</mc:Choice><mc:Fallback>{shape('b')}</mc:Fallback>"
    assert texts(loaded(make_pptx([f"{both}</mc:AlternateContent>"]))) == ["a"]


def test_hidden_slides_are_read_and_named(loaded: Load) -> None:
    document = loaded(make_pptx([shape("a"), shape("b"), shape("c")], hidden=[2, 3]))
    assert texts(document) == ["a", "b", "c"]
    assert document.notes == ("These slides are hidden in the show, but were read: 2, 3.",)


def test_a_damaged_slide_costs_its_own_text_only(loaded: Load) -> None:
    data = make_pptx([shape("a"), shape("b"), shape("c")])
    document = loaded(replace_members(data, {"ppt/slides/slide1.xml": "<p:sld", "ppt/slides/slide3.xml": None}))
    assert texts(document) == ["", "b", ""]
    assert document.notes == ("These slides are damaged and were left out: 1, 3.",)


@pytest.mark.parametrize(
    "members",
    [
        {"ppt/presentation.xml": "nonsense"},
        {"ppt/presentation.xml": None},
        {"ppt/slides/slide1.xml": "nonsense"},
        {"ppt/_rels/presentation.xml.rels": None},
    ],
)
def test_a_presentation_without_a_slide_that_can_be_read_is_unreadable(
    loaded: Load, members: dict[str, str | None]
) -> None:
    with pytest.raises(UnreadableFile):
        loaded(replace_members(make_pptx([shape("a")]), members))


def test_a_presentation_without_slides_has_no_pages(loaded: Load) -> None:
    assert loaded(make_pptx([])).pages == ()


def test_too_many_slides_are_refused_before_they_are_read(loaded: Load) -> None:
    with pytest.raises(ParsingLimit, match="11 slides; at most 10"):
        loaded(make_pptx(["nonsense <"], listed=[1] * 11), pages=10)


def test_one_slide_listed_many_times_is_counted_each_time(loaded: Load) -> None:
    with pytest.raises(ParsingLimit):
        loaded(make_pptx([shape("w" * 1000)], listed=[1] * 1000), pages=1000, characters=500_000)
    with pytest.raises(ParsingLimit, match="MAX_UNPACKED_MB"):
        loaded(make_pptx([shape(" " * 9_000)], listed=[1] * 1000), pages=1000, unpacked_bytes=2**20)


def test_a_bomb_is_refused_before_it_is_unpacked(loaded: Load) -> None:
    with pytest.raises(ParsingLimit, match="as no document does"):
        loaded(make_zip({"ppt/presentation.xml": "<x/>", "ppt/slides/slide1.xml": b" " * 40_000_000}))


def test_entities_are_neither_resolved_nor_fetched(loaded: Load, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    slide = _slide(f'<!DOCTYPE sld [<!ENTITY xxe SYSTEM "{secret.as_uri()}">]>', "before &xxe;after")
    assert "secret" not in texts(loaded(replace_members(make_pptx([""]), slide)))[0]


def test_a_billion_laughs_are_not_laughed(loaded: Load) -> None:
    slides = [shape("kept"), ""]
    document = loaded(replace_members(make_pptx(slides), _slide(billion_laughs("sld"), "&lol9;", number=2)))
    assert document.characters < 100


def test_shapes_nested_without_end_are_a_damaged_slide(loaded: Load) -> None:
    deep = "<p:grpSp>" * 5000 + "</p:grpSp>" * 5000
    assert loaded(make_pptx([shape("kept"), deep])).notes == ("These slides are damaged and were left out: 2.",)


def _slide(doctype: str, text: str, number: int = 1) -> dict[str, str | bytes | None]:
    return {f"ppt/slides/slide{number}.xml": f"{doctype}<sld><sp><p><r><t>{text}</t></r></p></sp></sld>"}
