"""`selftest isolation` finds what is broken: services of which one part does not look who asks."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import aclosing
from typing import Any

import pytest
from served_in_process import Served, served

from conversational_rag import dependencies
from conversational_rag.db.keys import KeyRow
from conversational_rag.errors import JobNotFound, KeyNotFound, SessionNotFound
from conversational_rag.routers import chat_websocket
from conversational_rag.security.principals import Principal, Reach, Scope
from conversational_rag.security.tenants import Tenant
from conversational_rag.selftest.matrix import Matrix
from conversational_rag.selftest.service import Service
from conversational_rag.selftest.walk import walk


@pytest.fixture(scope="module")
def breakable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, str]]:
    settings = {"auth_mode": "keys", "requests_per_minute": 0, "uploads_per_hour": 0, "groq_api_key": None}
    with served(tmp_path_factory.mktemp("breakable"), **settings) as running:
        made = running.do(running.resources.keys.create(Scope.ADMIN, None))
        yield running, made.text


def examined(breakable: tuple[Served, str], *operations: str) -> Matrix:
    async def examine() -> Matrix:
        running, key = breakable
        async with aclosing(Service(running.url, spread=True)) as service:
            return await walk(service, key, operations)

    return asyncio.run(examine())


def wrong(matrix: Matrix) -> set[tuple[str, str]]:
    return {(row.operation, cell.caller) for row, cell in matrix.wrong}


def faults(matrix: Matrix) -> str:
    return "\n".join(fault for _, cell in matrix.wrong for fault in cell.faults)


def ignoring_the_tenant(method: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Coroutine[Any, Any, Any]]:
    return lambda tenant, *others: method(None, *others)


OTHER = "other client"


def test_a_service_that_does_not_look_whose_document_it_is_fails(
    breakable: tuple[Served, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    operations = ("document", "document_content", "delete_document")
    assert examined(breakable, *operations).is_right
    documents = breakable[0].resources.documents
    monkeypatch.setattr(documents, "owner", ignoring_the_tenant(documents.owner))
    found = examined(breakable, *operations)
    assert wrong(found) == {(operation, OTHER) for operation in operations}
    assert "the answer holds what is not the caller's" in faults(found)
    assert "it has changed what the client has" in faults(found)


def test_a_service_that_does_not_look_who_began_a_session_fails(
    breakable: tuple[Served, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    operations = ("session_messages", "chat", "chat_stream", "chat_websocket")
    assert examined(breakable, *operations).is_right
    monkeypatch.setattr(Reach, "includes", lambda *_: True)
    found = examined(breakable, *operations)
    # What they ask stands in the session from then on, with their sources: its owner sees what is not his, too.
    assert {(operation, caller) for operation in operations for caller in (OTHER, "other chat key")} <= wrong(found)


def test_a_service_that_lets_anybody_delete_any_client_fails(
    breakable: tuple[Served, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dependencies, "tenant_of_path", lambda client_id, _: Tenant(client_id))
    found = examined(breakable, "collection_stats", "delete_collection")
    assert {("collection_stats", OTHER), ("delete_collection", OTHER)} <= wrong(found)
    assert "it has changed what the client has" in faults(found)


def test_a_service_that_shows_a_job_to_everybody_fails(
    breakable: tuple[Served, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = breakable[0].resources.upload_jobs
    monkeypatch.setattr(jobs, "find", ignoring_the_tenant(jobs.find))
    assert wrong(examined(breakable, "ingest_job")) == {("ingest_job", OTHER)}


def test_a_service_that_lists_what_everybody_has_fails(
    breakable: tuple[Served, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clients, keys = breakable[0].resources.clients, breakable[0].resources.keys
    monkeypatch.setattr(clients, "list_totals", ignoring_the_tenant(clients.list_totals))
    monkeypatch.setattr(keys, "list_keys", ignoring_the_tenant(keys.list_keys))
    found = examined(breakable, "list_collections", "list_keys")
    assert {("list_collections", OTHER), ("list_keys", OTHER)} <= wrong(found)


def test_a_service_that_finds_the_text_of_others_fails(
    breakable: tuple[Served, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    search, clients = breakable[0].resources.search, breakable[0].resources.clients
    find = search.find

    async def find_everywhere(_: Tenant, *question: Any) -> list[Any]:
        everybody = await clients.list_totals(None)
        return [passage for client_id in everybody for passage in await find(Tenant(client_id), *question)]

    monkeypatch.setattr(search, "find", find_everywhere)
    assert ("search", OTHER) in wrong(examined(breakable, "search"))


def test_a_service_that_takes_dead_keys_fails(breakable: tuple[Served, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KeyRow, "is_live", lambda *_: True)
    found = examined(breakable, "who_am_i", "sign_in")
    assert wrong(found) == {(operation, key) for operation in ("who_am_i", "sign_in") for key in ("expired", "revoked")}


def test_a_service_that_does_not_look_at_scopes_fails(
    breakable: tuple[Served, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Principal, "require", lambda *_: None)
    found = examined(breakable, "audit", "list_documents")
    chatters = {("list_documents", "chat key"), ("list_documents", "other chat key")}
    everybody = {("audit", name) for name in ("right key", "chat key", "other chat key", OTHER)}
    assert wrong(found) == chatters | everybody


def test_a_service_that_lets_anybody_talk_to_any_client_fails(
    breakable: tuple[Served, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat_websocket, "tenant_of_path", lambda client_id, _: Tenant(client_id))
    assert wrong(examined(breakable, "chat_websocket")) == {("chat_websocket", OTHER)}


def test_a_service_that_tells_what_exists_from_what_never_was_fails(
    breakable: tuple[Served, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = breakable[0].resources.upload_jobs
    find = jobs.find

    async def find_with_a_hint(tenant: Tenant | None, job_id: str) -> Any:
        job = await find(None, job_id)
        if tenant not in (None, job.tenant):
            raise JobNotFound("This job is not yours.")
        return job

    monkeypatch.setattr(jobs, "find", find_with_a_hint)
    found = examined(breakable, "ingest_job")
    assert wrong(found) == {("ingest_job", OTHER)}
    assert "what never was is answered otherwise: 404 job_not_found" in faults(found)


def test_a_service_that_does_what_it_refuses_fails(
    breakable: tuple[Served, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, sessions = breakable[0].resources.keys, breakable[0].resources.sessions
    revoke, delete = keys.revoke, sessions.delete

    async def revoke_all_the_same(tenant: Tenant | None, key_id: str, **more: Any) -> Any:
        row = await revoke(None, key_id, **more)
        if tenant not in (None, row.tenant):
            raise KeyNotFound
        return row

    async def delete_all_the_same(reach: Reach, session_id: str) -> Any:
        gone = await delete(Reach(None, reach.line), session_id)
        if reach.tenant not in (None, gone.tenant):
            raise SessionNotFound
        return gone

    monkeypatch.setattr(keys, "revoke", revoke_all_the_same)
    monkeypatch.setattr(sessions, "delete", delete_all_the_same)
    found = examined(breakable, "revoke_key", "delete_session")
    assert {("revoke_key", OTHER), ("delete_session", OTHER)} <= wrong(found)
    assert "refused or not, it has changed what the client has" in faults(found)
