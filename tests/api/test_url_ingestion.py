"""POST /api/v1/ingest/url"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from application_in_process import application
from running_server import RunningServer
from small_web import PUBLIC, SmallWeb

from conversational_rag.ingestion.fetching.pages import WebPages
from conversational_rag.services.web_uploads import WebUploads

MAX_BYTES = 100_000


def html(text: str) -> bytes:
    return f"<html><head><title>A page</title></head><body><p>{text}</p></body></html>".encode()


@pytest.fixture
def web() -> Iterator[SmallWeb]:
    with SmallWeb() as web:
        web.name("example.org", [PUBLIC])
        web.name("example.com", [PUBLIC])
        web.name("inside.example.org", ["10.0.0.7"])
        web.page("/docs/index.html", html("The harbour is deep."), content_type="text/html; charset=utf-8")
        yield web


@pytest.fixture
async def http(tmp_path: Path, web: SmallWeb) -> AsyncIterator[httpx2.AsyncClient]:
    async with application(tmp_path, url_ingestion=True) as (client, resources):
        pages = WebPages(max_bytes=MAX_BYTES, seconds=20, resolve=web.resolve, network=web)
        resources.web_uploads = WebUploads(pages, resources.uploads)
        yield client


async def fetch(http: httpx2.AsyncClient, url: str, **more: Any) -> httpx2.Response:
    return await http.post("/api/v1/ingest/url", json={"url": url, **more})


def file_names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def files_with(word: bytes, folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and word in path.read_bytes()]


async def names(http: httpx2.AsyncClient, client: str) -> list[str]:
    listed = (await http.get("/api/v1/documents", params={"client_id": client})).json()
    return sorted(document["filename"] for document in listed["documents"])


async def test_a_page_becomes_a_document_that_can_be_asked_about(http: httpx2.AsyncClient) -> None:
    response = await fetch(http, "http://example.org/docs/index.html")
    assert response.status_code == 200, response.text
    answer = response.json()
    assert answer["created"] is True
    assert answer["documents"][0]["filename"] == "example.org docs index.html"
    assert answer["documents"][0]["status"] == "ready"
    chat = await http.post("/api/v1/chat/", json={"client_id": answer["client_id"], "message": "How is the harbour?"})
    assert "The harbour is deep." in chat.json()["response"]


async def test_the_same_url_again_replaces_what_was_there_and_another_site_does_not(
    http: httpx2.AsyncClient, web: SmallWeb
) -> None:
    await fetch(http, "http://example.org/docs/index.html", client_id="reader")
    web.page("/docs/index.html", html("The harbour is shallow."), content_type="text/html")
    again = await fetch(http, "http://example.org/docs/index.html", client_id="reader")
    assert (again.json()["created"], again.json()["documents"][0]["status"]) == (False, "ready")
    assert await names(http, "reader") == ["example.org docs index.html"]
    web.page("/docs/index.html", html("Another site."), content_type="text/html")
    await fetch(http, "http://example.com/docs/index.html", client_id="reader")
    assert await names(http, "reader") == ["example.com docs index.html", "example.org docs index.html"]


async def test_the_query_is_neither_stored_nor_shown(http: httpx2.AsyncClient, web: SmallWeb, tmp_path: Path) -> None:
    for number in (1, 2):
        web.page(f"/doc?token=sesame{number}", html(f"Document {number}."), content_type="text/html")
        await fetch(http, f"http://example.org/doc?token=sesame{number}", client_id="reader")
    assert len(await names(http, "reader")) == 2
    assert files_with(b"sesame", tmp_path) == []


async def test_in_the_background_the_answer_tells_where_to_look(http: httpx2.AsyncClient) -> None:
    response = await http.post("/api/v1/ingest/url?background=true", json={"url": "http://example.org/docs/index.html"})
    assert response.status_code == 202
    job = (await http.get(response.headers["location"])).json()
    assert job["documents"][0]["filename"] == "example.org docs index.html"


REFUSED = {
    "ftp://example.org/": "url_refused",
    "not a url": "url_refused",
    "http://127.0.0.1/": "url_refused",
    "http://user:word@example.org/": "url_refused",
    "http://inside.example.org/docs/index.html": "url_refused",
    "http://example.org/to-inside": "url_refused",
    "http://example.org/nothing-there": "url_unreachable",
    "http://unknown.example.net/": "url_unreachable",
    "http://example.org/picture.png": "unsupported_file",
    "http://example.org/huge.txt": "file_too_large",
}


async def test_a_page_that_cannot_be_had_says_why_and_leaves_nothing(
    http: httpx2.AsyncClient, web: SmallWeb, tmp_path: Path
) -> None:
    web.redirect("/to-inside", "http://inside.example.org/docs/index.html")
    web.page("/picture.png", b"\x89PNG\r\n\x1a\n" + bytes(64), content_type="image/png")
    web.page("/huge.txt", b"word " * MAX_BYTES, content_type="text/plain")
    for url, code in REFUSED.items():
        response = await fetch(http, url)
        assert (url, response.json()["code"]) == (url, code)
        assert 400 <= response.status_code < 500
        assert file_names(tmp_path / "data/uploads") == []
    assert (await http.get("/api/v1/chat/collections")).json()["total"] == 0
    assert not [address for address, _ in web.dialled if address.startswith(("10.", "127."))]


async def test_wrong_fields_are_named(http: httpx2.AsyncClient, web: SmallWeb) -> None:
    page = "http://example.org/docs/index.html"
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({}, "body.url"),
        ({"url": page, "client_id": "a b"}, "body.client_id"),
        ({"url": page, "chunk_size": 100, "chunk_overlap": 100}, "body.chunk_overlap"),
    )
    for body, field in wrong:
        response = await http.post("/api/v1/ingest/url", json=body)
        assert (response.status_code, response.json()["errors"][0]["field"]) == (422, field)
    assert web.dialled == []


def test_it_is_off_unless_it_is_switched_on(server: RunningServer) -> None:
    response = server.http.post("/api/v1/ingest/url", json={"url": "https://example.org/"})
    assert (response.status_code, response.json()["code"]) == (403, "url_ingestion_off")
    assert "URL_INGESTION" in response.json()["detail"]
