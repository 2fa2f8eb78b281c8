"""Fusion makes one order of what meaning, words and file names say."""

from collections.abc import Sequence

import pytest

from conversational_rag.db.chunks import Outline
from conversational_rag.rag.conversation import Passage
from conversational_rag.rag.fusion import DEPTH, Evidence, best


def candidate(chunk_id: int, after: int | None = None, document: str = "doc", characters: int = 20) -> Outline:
    return Outline(chunk_id, document, characters, None, after)


class Texts:
    """What is read of the chunks, and how often."""

    def __init__(self, **texts: str) -> None:
        self._texts = texts
        self.read: list[int] = []

    def __call__(self, chunk_ids: Sequence[int]) -> dict[int, Passage]:
        self.read += chunk_ids
        return {n: Passage(n, "doc", "doc.txt", n, 1, 0, self._texts.get(f"_{n}", f"text {n}"), 0.0) for n in chunk_ids}


def ranked(*candidates: Outline, evidence: Evidence, k: int = 1000, texts: Texts | None = None) -> list[Passage]:
    return best({each.id: each for each in candidates}, evidence, texts or Texts(), k)


def order(*candidates: Outline, evidence: Evidence) -> list[int]:
    return [passage.chunk_id for passage in ranked(*candidates, evidence=evidence)]


def test_nothing_found_is_nothing() -> None:
    assert ranked(evidence=Evidence({}, {}, {}), k=4) == []


def test_both_legs_count() -> None:
    evidence = Evidence({1: 0.9, 2: 0.8, 3: 0.1}, {2: 9.0, 3: 8.0, 4: 1.0}, {})
    assert order(*map(candidate, (1, 2, 3, 4)), evidence=evidence) == [2, 1, 3, 4]


@pytest.mark.parametrize(
    "evidence", [Evidence({1: 0.9, 2: 0.4}, {}, {}), Evidence({}, {1: 9.0, 2: 4.0}, {})], ids=["meaning", "words"]
)
def test_one_leg_alone_is_enough(evidence: Evidence) -> None:
    assert order(candidate(1), candidate(2), evidence=evidence) == [1, 2]


def test_scores_fall_from_at_most_1_to_at_least_0() -> None:
    ids = range(1, 2 * DEPTH)
    evidence = Evidence({i: -i / 100 for i in ids}, {i: 1 / i for i in ids}, {"doc": 1.0})
    scores = [passage.score for passage in ranked(*map(candidate, ids), evidence=evidence)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == pytest.approx(1)
    assert scores[-1] >= 0
    assert len(scores) == DEPTH


def test_the_only_passage_has_the_full_score() -> None:
    (only,) = ranked(candidate(1), evidence=Evidence({1: 0.2}, {1: 0.5}, {}))
    assert only.score == pytest.approx(1)


def test_similarities_below_0_are_an_order_too() -> None:
    evidence = Evidence({1: -0.2, 2: -0.1}, {}, {})
    assert order(candidate(1), candidate(2), evidence=evidence) == [2, 1]


def test_equal_scores_keep_the_order_of_the_documents() -> None:
    evidence = Evidence(dict.fromkeys((3, 1, 2), 0.5), {}, {})
    assert order(candidate(3), candidate(1), candidate(2), evidence=evidence) == [1, 2, 3]


def test_a_page_about_the_matter_beats_a_stray_sentence() -> None:
    meaning = {1: 0.70, 2: 0.72, 3: 0.68, 4: 0.3, 5: 0.2}
    with_page = [Outline(1, "doc", 20, None, 3), Outline(3, "doc", 20, 1, None)]
    stray = [Outline(2, "doc", 20, None, 4), Outline(4, "doc", 20, 2, None), candidate(5)]
    assert order(*with_page, *stray, evidence=Evidence(meaning, {}, {}))[:2] == [1, 3]


def test_a_chunk_alone_on_its_page_loses_nothing() -> None:
    meaning = {1: 0.72, 2: 0.70, 3: 0.70, 4: 0.1}
    candidates = [candidate(1), candidate(2, after=3), Outline(3, "doc", 20, 2), candidate(4)]
    assert order(*candidates, evidence=Evidence(meaning, {}, {})) == [1, 2, 3, 4]


def test_a_neighbour_that_was_not_found_counts_as_far() -> None:
    meaning = {1: 0.72, 2: 0.70, 3: 0.1}
    candidates = [candidate(1, after=99), candidate(2), candidate(3)]
    assert order(*candidates, evidence=Evidence(meaning, {}, {}))[0] == 2


def test_a_left_over_scrap_does_not_gain_by_being_short() -> None:
    # What bm25 (k1 1.2, b 0.75) gives a word that both hold once, the average being 505 characters.
    scrap, full = 2.2 / (1 + 1.2 * (0.25 + 0.75 * 10 / 505)), 2.2 / (1 + 1.2 * (0.25 + 0.75 * 1000 / 505))
    texts = [candidate(n, characters=characters) for n, characters in ((1, 10), (2, 1000), (3, 505))]
    passages = ranked(*texts, evidence=Evidence({}, {1: scrap, 2: full, 3: 0.1}, {}))
    assert passages[0].score == pytest.approx(passages[1].score)
    assert {p.chunk_id for p in passages[:2]} == {1, 2}


def test_a_named_file_comes_first_among_equals() -> None:
    candidates = [candidate(1, document="a"), candidate(2, document="b"), candidate(3, document="a")]
    evidence = Evidence({1: 0.52, 2: 0.51, 3: 0.1}, {1: 2.0, 2: 2.0}, {"b": 1.0})
    assert order(*candidates, evidence=evidence) == [2, 1, 3]


def test_a_file_name_alone_brings_nothing_in() -> None:
    candidates = [candidate(1, document="a"), candidate(2, document="b")]
    assert order(*candidates, evidence=Evidence({1: 0.5}, {}, {"b": 1.0})) == [1]


def test_no_text_comes_twice_and_others_take_its_place() -> None:
    beginning = "These are the eight words with which all begin "
    texts = Texts(_1=f"{beginning} here.", _2=f"{beginning}\nhere.", _3=f"{beginning} there.", _4=beginning)
    evidence = Evidence({1: 0.4, 2: 0.5, 3: 0.3, 4: 0.2, 5: 0.1}, {}, {})
    found = ranked(*map(candidate, range(1, 6)), evidence=evidence, texts=texts, k=3)
    assert [passage.chunk_id for passage in found] == [2, 3, 4]


def test_no_more_than_asked_for_and_no_other_text_is_read() -> None:
    texts, evidence = Texts(), Evidence({i: 0.1 * i for i in range(9)}, {}, {})
    assert len(ranked(*map(candidate, range(9)), evidence=evidence, texts=texts, k=3)) == 3
    assert texts.read == [8, 7, 6]


def test_chunks_that_sql_does_not_show_are_left_out_and_bend_no_scale() -> None:
    found = Evidence({1: 0.5, 2: 0.4, 7: 0.99}, {1: 2.0, 8: 50.0}, {})
    known = Evidence({1: 0.5, 2: 0.4}, {1: 2.0}, {})
    candidates = (candidate(1), candidate(2))
    assert ranked(*candidates, evidence=found) == ranked(*candidates, evidence=known)


def test_similarities_that_lie_close_together_do_not_outvote_the_words() -> None:
    pages = range(1, DEPTH + 1)
    alike = {i: 0.80 + i / 5000 for i in pages}  # hundreds of forms of one kind: 0.02 from the first to the last
    evidence = Evidence(alike, {7: 9.0, DEPTH: 6.0, 3: 1.0}, {})
    assert order(*map(candidate, pages), evidence=evidence)[0] == 7
