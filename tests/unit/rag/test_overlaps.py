"""Passages that share text become one exact slice of their page."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from conversational_rag.rag.conversation import Passage
from conversational_rag.rag.overlaps import join_overlaps

PAGE = "".join(f"Sentence number {n} of this page stands here. " for n in range(60))


def cut(start: int, end: int, number: int = 1, page: int | None = 1, document: str = "doc") -> Passage:
    return Passage(number, document, "a.pdf", number, page, start, PAGE[start:end], 1.0 / number)


def test_two_that_overlap_are_one_slice_in_the_place_of_the_better_one() -> None:
    joined = join_overlaps([cut(800, 1800, 1), cut(0, 400, 2, page=2), cut(0, 1000, 3)])
    assert [(one.chunk_id, one.page, one.start, one.text) for one in joined] == [
        (1, 1, 0, PAGE[:1800]),
        (2, 2, 0, PAGE[:400]),
    ]
    assert joined[0].score == 1.0


def test_a_passage_between_two_others_joins_all_three() -> None:
    joined = join_overlaps([cut(1600, 2400, 1), cut(0, 900, 2), cut(800, 1700, 3)])
    assert [(one.chunk_id, one.start, one.text) for one in joined] == [(1, 0, PAGE[:2400])]


def test_one_inside_another_vanishes_in_it() -> None:
    assert join_overlaps([cut(100, 300, 1), cut(0, 1000, 2)])[0].text == PAGE[:1000]
    assert join_overlaps([cut(0, 1000, 1), cut(100, 300, 2)]) == (cut(0, 1000, 1),)


def test_what_is_apart_or_of_another_page_or_document_stays_apart() -> None:
    passages = [cut(0, 500, 1), cut(501, 900, 2), cut(0, 500, 3, page=2), cut(0, 500, 4, document="other")]
    assert join_overlaps(passages) == tuple(passages)


def test_offsets_that_do_not_fit_the_text_join_nothing() -> None:
    passages = (cut(0, 1000, 1), replace(cut(800, 1800, 2), start=700))
    assert join_overlaps(passages) == passages


@given(st.lists(st.tuples(st.integers(0, len(PAGE) - 1), st.integers(1, 900)), max_size=8))
def test_every_part_is_still_there_and_no_character_twice(places: list[tuple[int, int]]) -> None:
    passages = [cut(start, min(len(PAGE), start + size), n) for n, (start, size) in enumerate(places, 1)]
    joined = join_overlaps(passages)
    spans = sorted((one.start, one.start + len(one.text)) for one in joined)
    assert all(PAGE[one.start :].startswith(one.text) for one in joined)
    assert all(before[1] < after[0] for before, after in pairwise(spans))
    for passage in passages:
        end = passage.start + len(passage.text)
        assert any(start <= passage.start and end <= stop for start, stop in spans)
