"""The figures of an evaluation, each worked out by hand: 1 / log2(rank + 1) is 1, 0.63093, 0.5 at ranks 1, 2, 3."""

import pytest

from conversational_rag.services.evaluation import (
    Case,
    Held,
    Hit,
    Place,
    Trial,
    by_name,
    figures,
    hit_at,
    misses,
    ndcg_at,
    obstacle,
    percentile,
    plain_name,
)

A, B, C = Place("a.pdf"), Place("b.pdf"), Place("c.pdf")
WRONG = Place("wrong.pdf", 1)


def page(number: int) -> Place:
    return Place("a.pdf", number)


def case(*expected: Place, line: int = 1) -> Case:
    return Case(line, "Where?", expected)


def trial(expected: list[Place], *found: Place, line: int = 1, milliseconds: float = 0.0) -> Trial:
    hits = tuple(Hit(place, 1.0 - rank / 100) for rank, place in enumerate(found))
    return Trial(case(*expected, line=line), hits, milliseconds / 1000)


def test_the_first_right_passage_decides_the_hits() -> None:
    third = trial([page(5)], page(4), WRONG, page(5))
    assert third.rank == 3
    assert [hit_at(third, k) for k in (1, 2, 3, 10)] == [False, False, True, True]
    assert third.gains == [0, 0, 1]


def test_a_file_without_a_page_is_right_on_any_page() -> None:
    assert trial([A], WRONG, page(7)).rank == 2
    assert trial([A], WRONG, Place("a.pdf", None)).rank == 2
    assert trial([page(5)], Place("a.pdf", None), Place("b.pdf", 5)).rank is None


def test_one_right_page_has_its_gain_by_its_rank() -> None:
    assert ndcg_at(trial([page(5)], page(5)), 10) == 1.0
    assert ndcg_at(trial([page(5)], WRONG, page(5)), 10) == pytest.approx(0.63093, abs=1e-5)
    assert ndcg_at(trial([page(5)], WRONG, WRONG, page(5)), 10) == 0.5
    assert ndcg_at(trial([page(5)], WRONG, WRONG, page(5)), 2) == 0.0
    assert ndcg_at(trial([page(5)]), 10) == 0.0


def test_several_passages_of_one_right_page_count_once() -> None:
    thrice = trial([page(5)], page(5), page(5), page(5))
    assert thrice.gains == [1, 0, 0]
    assert ndcg_at(thrice, 10) == 1.0
    # The second passage of page 5 stands where page 6 might: (1 + 0.5) / (1 + 0.63093).
    both = trial([page(5), page(6)], page(5), page(5), page(6))
    assert both.gains == [1, 0, 1]
    assert ndcg_at(both, 10) == pytest.approx(0.91972, abs=1e-5)


def test_several_pages_of_one_right_file_count_once() -> None:
    # The ideal has both files on top: 1 / (1 + 0.63093), and all of it where both are found.
    assert ndcg_at(trial([A, B], page(1), page(2), page(3)), 10) == pytest.approx(0.61315, abs=1e-5)
    assert ndcg_at(trial([A, B], page(1), Place("b.pdf", 9)), 10) == 1.0


def test_more_right_places_than_are_looked_at_do_no_harm() -> None:
    found = trial([A, B, C], A, B, C)
    assert ndcg_at(found, 2) == 1.0
    assert ndcg_at(trial([A, B, C], A, WRONG, B), 2) == pytest.approx(1 / 1.63093, abs=1e-5)


def test_the_figures_are_means_over_the_questions() -> None:
    trials = [
        trial([A], A, milliseconds=10),
        trial([A], WRONG, A, milliseconds=20),
        trial([A], *[WRONG] * 5, A, milliseconds=30),
        trial([A], WRONG, milliseconds=100),
    ]
    found = figures(trials, 6)
    assert found is not None
    assert found.hits == {1: 0.25, 5: 0.5, 6: 0.75}
    assert found.mrr == pytest.approx((1 + 1 / 2 + 1 / 6 + 0) / 4)
    # 1 / log2(7) is 0.35621 at rank 6.
    assert found.ndcg == pytest.approx((1 + 0.63093 + 0.35621 + 0) / 4, abs=1e-5)
    assert found.mean_milliseconds == pytest.approx(40)
    assert found.p95_milliseconds == pytest.approx(100)


@pytest.mark.parametrize(("k", "cuts"), [(1, [1, 5]), (3, [1, 3, 5]), (5, [1, 5]), (50, [1, 5, 50])])
def test_the_first_and_the_first_five_are_always_told(k: int, cuts: list[int]) -> None:
    found = figures([trial([A], A)], k)
    assert found is not None
    assert list(found.hits) == cuts


def test_without_questions_there_are_no_figures() -> None:
    assert figures([], 10) is None


@pytest.mark.parametrize(("count", "expected"), [(1, 1), (10, 10), (19, 19), (20, 19), (21, 20), (100, 95)])
def test_the_95th_percentile_is_one_of_the_values(count: int, expected: int) -> None:
    assert percentile(list(range(count, 0, -1)), 0.95) == expected


def test_misses_are_what_does_not_come_first_the_worst_first() -> None:
    trials = [
        trial([A], A, line=1),
        trial([A], WRONG, A, line=2),
        trial([A], WRONG, line=3),
        trial([A], WRONG, WRONG, A, line=4),
        trial([A], line=5),
    ]
    assert [(missed.case.line, missed.rank) for missed in misses(trials)] == [(3, None), (5, None), (4, 3), (2, 2)]


HELD = by_name([Held("a.pdf", "ready", 5), Held("half.pdf", "partial", 2), Held("n.txt", "ready", None)])


@pytest.mark.parametrize("place", [A, page(1), page(5), Place("half.pdf", 2), Place("n.txt")])
def test_a_place_that_is_there_can_be_judged(place: Place) -> None:
    assert obstacle(case(place), HELD) is None


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        (B, "expected file is not in the client's documents: b.pdf"),
        (page(6), "expected page 6 is not there, the file has 5 pages: a.pdf"),
        (Place("n.txt", 1), "expected page 1 is not there, the file has no pages: n.txt"),
        (Place("scan.pdf"), "expected file cannot be searched, it is empty: scan.pdf"),
    ],
)
def test_a_place_that_is_not_there_says_so_also_beside_one_that_is(place: Place, reason: str) -> None:
    held = {**HELD, "scan.pdf": Held("scan.pdf", "empty", 3)}
    assert obstacle(case(A, place), held) == reason


def test_of_several_documents_of_one_name_the_searchable_one_counts() -> None:
    ready, failed = Held("a.pdf", "ready", 5), Held("a.pdf", "failed", None)
    assert by_name([ready, failed]) == by_name([failed, ready]) == {"a.pdf": ready}


def test_a_name_with_a_separate_accent_is_the_same_name() -> None:
    assert plain_name("cafe\N{COMBINING ACUTE ACCENT}.pdf") == "caf\N{LATIN SMALL LETTER E WITH ACUTE}.pdf"
