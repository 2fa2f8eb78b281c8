"""Exact search: right by definition, whatever the ties and the sizes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversational_rag.vectorstores import exact
from conversational_rag.vectorstores.base import Hit


def _unit(rows: np.ndarray) -> np.ndarray:
    rows = np.asarray(rows, np.float32)
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


@given(st.integers(1, 60), st.integers(1, 70), st.integers(0, 2**32 - 1))
def test_it_finds_what_sorting_everything_finds(count: int, k: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    matrix = _unit(random.integers(-2, 3, (count, 3)) + np.float32(0.5))  # few directions: many ties
    ids = random.permutation(1000)[:count].astype(np.int64)
    similarities = matrix @ matrix[0]
    expected = sorted(zip(-similarities, ids, strict=True))[:k]
    hits = exact.search(ids, matrix, matrix[0], k)
    assert [(hit.similarity, hit.chunk_id) for hit in hits] == [
        (-negative, identity) for negative, identity in expected
    ]


def test_a_vector_is_nearest_to_itself_and_farthest_from_its_opposite() -> None:
    matrix = _unit([[1, 0], [1, 1], [-1, 0]])
    assert exact.search(np.array([7, 8, 9]), matrix, matrix[0], 3) == [
        Hit(7, pytest.approx(1.0)),
        Hit(8, pytest.approx(0.5**0.5)),
        Hit(9, pytest.approx(-1.0)),
    ]


def test_ties_go_to_the_smaller_id() -> None:
    matrix = _unit([[1, 0]] * 5)
    hits = exact.search(np.array([50, 20, 40, 10, 30]), matrix, matrix[0], 3)
    assert [hit.chunk_id for hit in hits] == [10, 20, 30]


def test_hits_are_plain_numbers_that_can_be_sent_as_json() -> None:
    (hit,) = exact.search(np.array([3]), _unit([[1, 0]]), _unit([0, 1]), 1)
    assert (type(hit.chunk_id), type(hit.similarity)) == (int, float)


@pytest.mark.parametrize("k", [0, -1])
def test_nothing_is_asked_for(k: int) -> None:
    assert exact.search(np.array([1]), _unit([[1, 0]]), _unit([1, 0]), k) == []


def test_nothing_is_there() -> None:
    assert exact.search(np.empty(0, np.int64), np.empty((0, 2), np.float32), _unit([1, 0]), 5) == []


def test_ids_and_vectors_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ValueError, match="2 ids for 1 vectors"):
        exact.search(np.array([1, 2]), _unit([[1, 0]]), _unit([1, 0]), 1)
    with pytest.raises(ValueError, match="mismatch"):
        exact.search(np.array([1]), _unit([[1, 0]]), _unit([1, 0, 0]), 1)
