"""Of the ranked passages those are taken that are near the best, and of diverse files where it is close."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from conversational_rag.rag.conversation import Passage
from conversational_rag.rag.selection import select, spread, without_tail


def passages(*scored: tuple[str, float]) -> list[Passage]:
    return [Passage(n, file, file, n, None, 0, f"text {n}", score) for n, (file, score) in enumerate(scored, 1)]


def ids(chosen: Sequence[Passage]) -> list[int]:
    return [passage.chunk_id for passage in chosen]


def test_nothing_found_is_nothing() -> None:
    assert select([], 4) == []


def test_what_is_far_behind_the_best_is_left_out() -> None:
    assert ids(select(passages(("a", 1.0), ("b", 0.7), ("c", 0.45), ("d", 0.3)), 4)) == [1, 2]


def test_half_of_the_best_score_is_near_enough() -> None:
    assert ids(without_tail(passages(("a", 0.6), ("b", 0.3), ("c", 0.29)))) == [1, 2]


def test_where_nothing_stands_out_everything_stays() -> None:
    assert ids(select(passages(("a", 0.3), ("b", 0.28), ("c", 0.27), ("d", 0.2)), 4)) == [1, 2, 3, 4]


def test_scores_of_nothing_are_no_reason_to_show_nothing() -> None:
    assert ids(select(passages(("a", 0.0), ("b", 0.0)), 4)) == [1, 2]


def test_another_file_goes_first_where_it_is_close() -> None:
    assert ids(spread(passages(("a", 0.9), ("a", 0.8), ("b", 0.76)), 2)) == [1, 3]


def test_a_file_that_is_better_by_more_keeps_its_place() -> None:
    assert ids(spread(passages(("a", 0.9), ("a", 0.8), ("b", 0.74)), 2)) == [1, 2]


def test_the_best_passage_always_stays_and_the_order_is_that_of_the_ranking() -> None:
    chosen = spread(passages(("a", 0.90), ("a", 0.89), ("a", 0.88), ("b", 0.87), ("c", 0.86)), 3)
    assert ids(chosen) == [1, 4, 5]


def test_a_file_alone_fills_all_places() -> None:
    assert ids(spread(passages(*[("a", 0.9)] * 6), 4)) == [1, 2, 3, 4]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 1)), max_size=20), st.integers(1, 8))
def test_it_takes_as_many_as_it_may_of_what_is_near_and_invents_nothing(
    scored: list[tuple[str, float]], k: int
) -> None:
    ranked = passages(*sorted(scored, key=lambda each: -each[1]))
    chosen = select(ranked, k)
    near = without_tail(ranked)
    assert len(chosen) == min(k, len(near))
    assert [each for each in near if each in chosen] == chosen
    assert chosen[:1] == ranked[:1]
    assert len({each.document_id for each in chosen}) >= len({each.document_id for each in near[:k]})
