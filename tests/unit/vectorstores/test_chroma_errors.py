"""Every error of the vendor has a row, and no vendor text reaches a caller."""

import chromadb.errors
import pytest

from conversational_rag.concurrency.child import ChildDied, ChildNotStarted, ChildRefused, ChildTimedOut
from conversational_rag.errors import IndexUnavailable, InternalError, ServiceError, StorageFull
from conversational_rag.vectorstores.base import CollectionBroken, IndexInUse, IndexUnreadable
from conversational_rag.vectorstores.chroma_errors import AT_START, BY_KIND, BY_TEXT, translate, worth_a_pause
from conversational_rag.vectorstores.circuit_breaker import CircuitOpen


def _classes(root: type) -> set[type]:
    return {root}.union(*(_classes(child) for child in root.__subclasses__()))


def test_every_error_of_the_vendor_has_a_row() -> None:
    assert {error.__name__ for error in _classes(chromadb.errors.ChromaError)} <= BY_KIND.keys()
    assert {error.__name__ for error in chromadb.errors.error_types.values()} <= BY_KIND.keys()


@pytest.mark.parametrize("kind", sorted(BY_KIND))
def test_a_refusal_becomes_the_error_of_its_row(kind: str) -> None:
    assert type(translate(ChildRefused(kind, "raw text"), one_collection=True)) is BY_KIND[kind]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Error in compaction: error returned from database: (code: 13) database or disk is full", StorageFull),
        ("No space left on device (os error 28)", StorageFull),
        ("error returned from database: (code: 11) database disk image is malformed", IndexUnreadable),
        ("error returned from database: (code: 26) file is not a database", IndexUnreadable),
        ("error returned from database: (code: 5) database is locked", IndexUnavailable),
        ("Error constructing hnsw segment reader: Too many open files (os error 24)", IndexUnavailable),
        ("Failed to apply logs to the hnsw segment writer", CollectionBroken),
    ],
)
def test_the_text_of_an_internal_error_tells_whose_fault_it_is(message: str, expected: type[ServiceError]) -> None:
    assert type(translate(ChildRefused("InternalError", message), one_collection=True)) is expected


def test_an_error_nobody_has_heard_of_is_the_indexs() -> None:
    assert type(translate(ChildRefused("NeverSeen", "x"), one_collection=True)) is IndexUnavailable


@pytest.mark.parametrize("death", [ChildDied(-11), ChildTimedOut("no answer")])
def test_a_death_is_blamed_on_the_collection_of_the_call(death: Exception) -> None:
    assert type(translate(death, one_collection=True)) is CollectionBroken
    assert type(translate(death, one_collection=False)) is IndexUnavailable


@pytest.mark.parametrize("kind", sorted(AT_START))
def test_a_failed_start_becomes_the_error_of_its_row_and_blames_no_collection(kind: str) -> None:
    assert type(translate(ChildNotStarted(kind, "raw text"), one_collection=True)) is AT_START[kind]


def test_a_failed_start_for_another_reason_names_the_setting() -> None:
    error = translate(ChildNotStarted("PermissionError", "/srv/secret/path"), one_collection=True)
    assert type(error) is IndexUnavailable
    assert "VECTOR_STORE_PATH" in error.detail
    assert "PermissionError" in error.detail


def test_a_full_disk_at_the_start_is_told_as_such() -> None:
    error = translate(ChildNotStarted("OperationalError", "database or disk is full"), one_collection=False)
    assert type(error) is StorageFull


def test_an_open_circuit_says_when_to_try_again_and_what_was_wrong() -> None:
    error = translate(CircuitOpen(12.5, None), one_collection=True)
    assert (type(error), error.retry_after) == (IndexUnavailable, 12.5)
    error = translate(CircuitOpen(3.0, ChildNotStarted("DatabaseError", "garbage")), one_collection=True)
    assert (type(error), error.retry_after) == (IndexUnreadable, 3.0)


@pytest.mark.parametrize("error", [IndexInUse, IndexUnreadable, CollectionBroken])
def test_every_message_says_what_to_do_next_and_is_a_503(error: type[ServiceError]) -> None:
    assert (error.status, error.code) == (503, "index_unavailable")
    assert any(word in error().detail for word in ("try again", "stop"))


@pytest.mark.parametrize("table", [BY_KIND, BY_TEXT, AT_START])
def test_no_text_of_the_vendor_or_the_machine_reaches_a_caller(table: dict[str, type[ServiceError]]) -> None:
    for kind in table:
        for error in (ChildRefused(kind, f"{kind} /srv/data"), ChildNotStarted(kind, f"{kind} /srv/data")):
            assert "/srv" not in translate(error, one_collection=True).detail


def test_a_call_that_is_our_mistake_is_an_internal_error() -> None:
    assert type(translate(ChildRefused("DuplicateIDError", "7"), one_collection=True)) is InternalError


def test_only_a_start_that_failed_by_itself_is_worth_a_pause() -> None:
    assert worth_a_pause(ChildNotStarted("DirectoryInUse", ""))
    assert not worth_a_pause(ChildNotStarted("Stopped", ""))
    assert not worth_a_pause(ChildDied(-9))
    assert not worth_a_pause(CircuitOpen(1.0, None))
