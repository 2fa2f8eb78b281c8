"""Citation markers, whole and cut over many deltas."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversational_rag.rag.markers import Markers

FOUR = ("one", "two", "three", "four")


def read(*deltas: str, sources: Sequence[str] = FOUR) -> str:
    markers = Markers(sources)
    return "".join([markers.feed(delta) for delta in deltas] + [markers.close()])


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("In 1932 [1].", "In 1932 [1]."),
        ("In 1932[1][2].", "In 1932[1][2]."),
        ("Both [1, 2].", "Both [1][2]."),
        ("Both [1 and 2], [1; 3].", "Both [1][2], [1][3]."),
        ("All [1-3].", "All [1][2][3]."),
        ("A footnote[^2].", "A footnote[2]."),
        ("Twice [[2]].", "Twice [2]."),
        ("A dagger 【1†L3-L8】.", "A dagger [1]."),
        ("A tool's 【4:0†source】.", "A tool's [4]."),
        ("Wide ［2］, Farsi [۲].", "Wide [2], Farsi [2]."),
        ("[Source 1] and [Quelle 2] and [passages 1, 2]", "[1] and [2] and [1][2]"),
        ("With its page [1, page 5] or [2, p. 12-14].", "With its page [1] or [2]."),
    ],
)
def test_what_models_write_becomes_one_form(written: str, read_as: str) -> None:
    assert read(written) == read(*written) == read_as


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("In 1932 [7].", "In 1932."),
        ("In 1932 [7] it [1] was.", "In 1932 it [1] was."),
        ("Both [1, 9].", "Both [1]."),
        ("All [3-6]", "All [3][4]"),
        ("Gone 【9†source】.", "Gone."),
        ("Gone [[9]]", "Gone"),
    ],
)
def test_a_marker_that_names_no_source_is_dropped_with_the_space_before_it(written: str, read_as: str) -> None:
    assert read(written) == read(*written) == read_as


@pytest.mark.parametrize(
    "text",
    [
        "The year [1932] and the span [0, 1].",
        "See [the manual] and [sic] and [1 of many].",
        "As (1) the law says, (2) so it is.",
        "Open [ and ] and [] and [1",
        "Call `items[7]` and ``a`[9]``.",
        "```python\nx = items[7]\ny = items[9]\n```",
        "Two  spaces  stay. ",
    ],
)
def test_everything_else_stays_as_it_is(text: str) -> None:
    assert read(text) == read(*text) == text


def test_behind_code_markers_are_markers_again() -> None:
    assert read("`a[7]` [1] [7]") == "`a[7]` [1]"
    assert read("```\na[7]\n```\nSo [7] it is [1].") == "```\na[7]\n```\nSo it is [1]."
    assert read("A lone ` is no code\nbehind its line [7].") == "A lone ` is no code\nbehind its line."


def test_brackets_that_the_sources_hold_are_quoted() -> None:
    sources = ["Rule [12] applies.", "Nothing."]
    assert read("It says “Rule [12] applies.” [1] [13]", sources=sources) == "It says “Rule [12] applies.” [1]"


def test_words_are_not_held_back_and_a_marker_only_until_it_is_one() -> None:
    markers = Markers(FOUR)
    deltas = ["In ", "1932", " [", "1", "]", ". See", " [the", " list", "] or [s", "ome]"]
    said = [markers.feed(delta) for delta in deltas]
    assert said == ["In", " 1932", "", "", " [1]", ". See", " [the", " list", "] or", " [some]"]
    assert markers.close() == ""


@given(
    st.lists(
        st.sampled_from(
            [*"[]【】`^,-: \n#†17aä", "[[", "]]", "12", "  ", " and ", "source ", "page ", "L1", "```", "[1]", " [7]"]
        ),
        max_size=20,
    )
)
def test_where_the_words_are_cut_changes_nothing(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert read(text) == read(*text) == read(*pieces)


@given(st.text(alphabet="[]【】 †1279,-abc`\n"), st.integers(0, 4))
def test_no_marker_is_left_that_names_no_source(text: str, count: int) -> None:
    answer = read(text.replace("`", ""), sources=["x"] * count)
    assert not any(f" [{number}]" in answer for number in range(count + 1, 100))
