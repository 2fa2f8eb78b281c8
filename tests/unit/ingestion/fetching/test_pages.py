"""Pages fetched from a small web that a hostile hand has written."""

import asyncio
import gzip
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from loopback_http import Exchange
from small_web import ALSO_PUBLIC, PUBLIC, SmallWeb

from conversational_rag.errors import FileTooLarge, UrlRefused, UrlUnreachable
from conversational_rag.ingestion.fetching.pages import WebPages

Landed = Callable[[], bytes | None]

SITE = "http://www.example.org"


async def test_a_page_is_written_as_it_is_and_described(
    web: SmallWeb, pages: WebPages, into: Path, landed: Landed
) -> None:
    body = "<p>Gebühren</p>".encode("latin-1")
    web.page("/fees/?year=2026", body, content_type="Text/HTML; charset=ISO-8859-1")
    fetched = await pages.fetch(f" {SITE}/fees/?year=2026#north ", into)
    assert landed() == body
    assert fetched.sha256 == hashlib.sha256(body).hexdigest()
    assert (fetched.filename, fetched.size) == ("fees.html", len(body))
    assert (fetched.url, fetched.media_type, fetched.charset) == (f"{SITE}/fees/?year=2026", "text/html", "iso-8859-1")


async def test_a_page_without_any_description_is_taken(
    web: SmallWeb, pages: WebPages, into: Path, landed: Landed
) -> None:
    web.page("/")
    fetched = await pages.fetch(SITE, into)
    assert (fetched.filename, fetched.size, fetched.media_type, fetched.charset) == ("www.example.org", 0, "", None)
    assert landed() == b""


async def test_the_sender_names_the_file(web: SmallWeb, pages: WebPages, into: Path) -> None:
    web.page(
        "/get", b"%PDF-", content_type="application/pdf", content_disposition='attachment; filename="Gebühren.pdf"'
    )
    assert (await pages.fetch(f"{SITE}/get", into)).filename == "Gebühren.pdf"


async def test_a_name_in_latin_1_is_read(web: SmallWeb, pages: WebPages, into: Path) -> None:
    async def answer(exchange: Exchange) -> None:
        head = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\ncontent-disposition: x; filename="Gebühren.pdf"\r\n\r\n'
        exchange.send(head.encode("latin-1"))

    web.pages["/"] = answer
    assert (await pages.fetch(SITE, into)).filename == "Gebühren.pdf"


async def test_the_request_says_who_asks_and_carries_nothing_else(
    web: SmallWeb, pages: WebPages, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    web.page("/", status=302, location="/next", set_cookie="id=1")
    web.page("/next", set_cookie="id=2")
    for _ in range(2):
        await pages.fetch(SITE, into)
    assert {tuple(sorted(request.headers)) for request in web.requests} == {
        ("accept", "accept-encoding", "host", "user-agent")
    }
    assert {request.headers["host"] for request in web.requests} == {"www.example.org"}
    assert {request.headers["user-agent"] for request in web.requests} == {"conversational-rag"}
    assert set(web.dialled) == {(PUBLIC, 80)}


async def test_an_address_is_asked_for_in_brackets(web: SmallWeb, pages: WebPages, into: Path) -> None:
    web.page("/", b"Six.")
    fetched = await pages.fetch(f"http://[{ALSO_PUBLIC}]/", into)
    assert web.requests[0].headers["host"] == f"[{ALSO_PUBLIC}]"
    assert fetched.url == f"http://[{ALSO_PUBLIC}]/"
    assert web.dialled == [(ALSO_PUBLIC, 80)]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed(web: SmallWeb, pages: WebPages, into: Path, landed: Landed, status: int) -> None:
    web.name("docs.example.com", [ALSO_PUBLIC])
    web.redirect("/old", "//docs.example.com/guides/new.txt", status)
    web.page("/guides/new.txt", b"Here.", content_type="text/plain")
    fetched = await pages.fetch(f"{SITE}/old", into)
    assert (fetched.url, fetched.filename) == ("http://docs.example.com/guides/new.txt", "new.txt")
    assert landed() == b"Here."
    assert web.dialled == [(PUBLIC, 80), (ALSO_PUBLIC, 80)]


async def test_five_redirects_are_followed_and_six_are_not(
    web: SmallWeb, pages: WebPages, into: Path, landed: Landed
) -> None:
    for number in range(6):
        web.redirect(f"/{number}", f"/{number + 1}")
    web.page("/6", b"The end.")
    await pages.fetch(f"{SITE}/1", into)
    assert landed() == b"The end."
    with pytest.raises(UrlUnreachable, match="more than 5 times"):
        await pages.fetch(f"{SITE}/0", into)


@pytest.mark.parametrize(
    "location",
    [
        *["http://127.0.0.1/", "http://169.254.169.254/latest/meta-data/", "http://[::1]/", "http://2130706433/"],
        *["//localhost/", "file:///etc/passwd", "http://www.example.org:22/", "http://www.example.org:8080/"],
        *[
            "http://root@www.example.org/",
            "http://inside.example.org/",
            "http://mixed.example.org/",
            "gopher://127.0.0.1/",
        ],
    ],
)
async def test_a_redirect_to_where_one_may_not_go_ends_there(
    web: SmallWeb, pages: WebPages, into: Path, landed: Landed, location: str
) -> None:
    web.name("inside.example.org", ["10.0.0.5"])
    web.name("mixed.example.org", [PUBLIC, "127.0.0.1"])
    web.redirect("/", location)
    with pytest.raises(UrlRefused):
        await pages.fetch(SITE, into)
    assert web.dialled == [(PUBLIC, 80)]
    assert landed() is None


@pytest.mark.parametrize(
    "answer",
    [
        *[["127.0.0.1"], ["10.1.2.3"], ["169.254.169.254"], ["100.64.0.1"], ["0.0.0.0"], ["::1"], ["fd00::1"]],
        *[["fe80::1%eth0"], ["::ffff:127.0.0.1"], ["64:ff9b::7f00:1"], ["2002:7f00:1::"], ["224.0.0.1"]],
        *[[PUBLIC, "127.0.0.1"], ["127.0.0.1", PUBLIC], [ALSO_PUBLIC, PUBLIC, PUBLIC, PUBLIC, PUBLIC, "192.168.0.1"]],
    ],
)
async def test_a_name_with_a_private_address_is_not_connected_to(
    web: SmallWeb, pages: WebPages, into: Path, answer: list[str]
) -> None:
    web.name("www.example.org", answer)
    with pytest.raises(UrlRefused) as refusal:
        await pages.fetch(SITE, into)
    assert web.dialled == []
    assert not any(address in refusal.value.detail for address in answer)


async def test_a_name_is_looked_up_once_for_each_request(
    web: SmallWeb, pages: WebPages, into: Path, landed: Landed
) -> None:
    web.name("www.example.org", [PUBLIC], ["127.0.0.1"])
    web.page("/", b"The public one.")
    await pages.fetch(SITE, into)
    assert web.asked == ["www.example.org"]
    assert web.dialled == [(PUBLIC, 80)]
    assert landed() == b"The public one."


async def test_a_name_that_turns_private_between_two_redirects_is_refused(
    web: SmallWeb, pages: WebPages, into: Path
) -> None:
    web.name("www.example.org", [PUBLIC], ["127.0.0.1"])
    web.redirect("/", "/secret")
    web.page("/secret", b"The private one.")
    with pytest.raises(UrlRefused):
        await pages.fetch(SITE, into)
    assert web.dialled == [(PUBLIC, 80)]


async def test_an_address_that_never_answers_leaves_time_for_the_next(
    web: SmallWeb, pages: WebPages, into: Path
) -> None:
    web.name("www.example.org", [ALSO_PUBLIC, PUBLIC])
    web.silent = {ALSO_PUBLIC}
    web.page("/", b"The second.")
    assert (await pages.fetch(SITE, into)).size == 11
    assert web.dialled == [(ALSO_PUBLIC, 80), (PUBLIC, 80)]
    web.silent = {ALSO_PUBLIC, PUBLIC}
    with pytest.raises(UrlUnreachable, match="does not accept a connection in time"):
        await pages.fetch(SITE, into)


async def test_an_announced_size_is_believed_when_it_is_too_large(
    web: SmallWeb, pages: WebPages, into: Path, landed: Landed
) -> None:
    async def announce(exchange: Exchange) -> None:
        exchange.send(b"HTTP/1.1 200 OK\r\ncontent-length: 100001\r\n\r\n")
        await asyncio.Event().wait()

    web.pages["/"] = announce
    with pytest.raises(FileTooLarge, match="MAX_FILE_MB"):
        await pages.fetch(SITE, into)
    assert landed() is None


async def test_a_page_without_an_end_is_cut_off(web: SmallWeb, pages: WebPages, into: Path, landed: Landed) -> None:
    async def pour(exchange: Exchange) -> None:
        exchange.begin({})
        while True:
            exchange.write(b"x" * 10_000)
            await asyncio.sleep(0)

    web.pages["/"] = pour
    with pytest.raises(FileTooLarge):
        await pages.fetch(SITE, into)
    assert landed() is None


async def test_a_page_may_be_as_large_as_the_limit(web: SmallWeb, pages: WebPages, into: Path) -> None:
    web.page("/", b"x" * 100_000)
    assert (await pages.fetch(SITE, into)).size == 100_000


@pytest.mark.parametrize("packing", ["gzip", "GZIP ", "x-gzip"])
async def test_a_packed_page_is_unpacked(
    web: SmallWeb, pages: WebPages, packing: str, into: Path, landed: Landed
) -> None:
    web.page("/", gzip.compress(b"Unpacked. " * 9_000), content_encoding=packing)
    assert (await pages.fetch(SITE, into)).size == 90_000
    assert landed() == b"Unpacked. " * 9_000


async def test_a_page_that_swells_when_unpacked_is_refused(
    web: SmallWeb, pages: WebPages, into: Path, landed: Landed
) -> None:
    web.page("/", gzip.compress(bytes(50_000_000)), content_encoding="gzip")
    with pytest.raises(FileTooLarge):
        await pages.fetch(SITE, into)
    assert landed() is None


@pytest.mark.parametrize("packing", ["br", "zstd", "deflate", "gzip, gzip", "x"])
async def test_another_packing_than_was_asked_for_is_refused(
    web: SmallWeb, pages: WebPages, into: Path, packing: str
) -> None:
    web.page("/", b"?", content_encoding=packing)
    with pytest.raises(UrlUnreachable, match="packed"):
        await pages.fetch(SITE, into)


@pytest.mark.parametrize(
    "said", [(404, "404 Not Found"), (500, "500 Internal"), (401, "401"), (204, "204"), (599, "599")]
)
async def test_the_owner_is_told_what_the_server_said(
    web: SmallWeb, pages: WebPages, into: Path, landed: Landed, said: tuple[int, str]
) -> None:
    web.page("/", b"An inner secret.", status=said[0])
    with pytest.raises(UrlUnreachable, match=rf"www\.example\.org answers with {said[1]}") as refusal:
        await pages.fetch(SITE, into)
    assert "secret" not in refusal.value.detail
    assert landed() is None


async def test_a_redirect_to_nowhere_is_no_page(web: SmallWeb, pages: WebPages, into: Path) -> None:
    web.page("/", status=302)
    with pytest.raises(UrlUnreachable, match="302 Found"):
        await pages.fetch(SITE, into)


async def test_an_unknown_name_is_told(pages: WebPages, into: Path) -> None:
    with pytest.raises(UrlUnreachable, match=r"no host called nowhere\.example\.org"):
        await pages.fetch("http://nowhere.example.org/", into)


async def test_a_name_without_addresses_is_told(web: SmallWeb, pages: WebPages, into: Path) -> None:
    web.name("www.example.org", [])
    with pytest.raises(UrlUnreachable, match="has no address"):
        await pages.fetch(SITE, into)


async def test_a_server_that_is_down_is_told_without_its_address(web: SmallWeb, pages: WebPages, into: Path) -> None:
    web.dead = {PUBLIC}
    with pytest.raises(UrlUnreachable, match="cannot be reached") as refusal:
        await pages.fetch(SITE, into)
    assert PUBLIC not in refusal.value.detail


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 300_000,
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        b"",
    ],
)
async def test_an_answer_that_is_not_proper_http_is_told(
    web: SmallWeb, pages: WebPages, into: Path, landed: Landed, answer: bytes
) -> None:
    async def blurt(exchange: Exchange) -> None:
        exchange.send(answer)
        exchange.close()

    web.pages["/"] = blurt
    with pytest.raises(UrlUnreachable):
        await pages.fetch(SITE, into)
    assert landed() is None


async def test_a_connection_that_is_cut_is_told(web: SmallWeb, pages: WebPages, into: Path, landed: Landed) -> None:
    async def cut(exchange: Exchange) -> None:
        exchange.begin({"content-type": "text/html"})
        exchange.write(b"half of")
        exchange.reset()

    web.pages["/"] = cut
    with pytest.raises(UrlUnreachable, match="broke off"):
        await pages.fetch(SITE, into)
    assert landed() is None


@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 90000\r\n\r\n"])
async def test_a_server_that_drips_is_left_when_the_time_is_up(
    web: SmallWeb, into: Path, landed: Landed, first: bytes
) -> None:
    async def drip(exchange: Exchange) -> None:
        exchange.send(first)
        while True:
            exchange.send(b"a" if first.endswith(b"\r\n\r\n") else b"a: b\r\n")
            await asyncio.sleep(0.01)

    web.pages["/"] = drip
    pages = WebPages(max_bytes=100_000, seconds=0.3, resolve=web.resolve, network=web)
    with pytest.raises(UrlUnreachable, match=r"within 0\.3 seconds"):
        await pages.fetch(SITE, into)
    assert landed() is None


async def test_the_time_is_for_all_redirects_together(web: SmallWeb, into: Path) -> None:
    async def dawdle(exchange: Exchange) -> None:
        await asyncio.sleep(0.1)
        exchange.respond(302, b"", {"location": "/"})

    web.pages["/"] = dawdle
    pages = WebPages(max_bytes=100_000, seconds=0.25, resolve=web.resolve, network=web)
    with pytest.raises(UrlUnreachable, match="did not arrive"):
        await pages.fetch(SITE, into)


async def test_a_name_server_that_never_answers_costs_no_more_than_the_time(web: SmallWeb, into: Path) -> None:
    async def silence(host: str) -> list[str]:
        await asyncio.Event().wait()
        return []

    with pytest.raises(UrlUnreachable, match="did not arrive"):
        await WebPages(max_bytes=1, seconds=0.05, resolve=silence, network=web).fetch(SITE, into)


async def test_a_fetch_that_is_given_up_leaves_no_file_and_no_connection(
    web: SmallWeb, pages: WebPages, into: Path, landed: Landed
) -> None:
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()
    gone = asyncio.Event()

    async def hang(exchange: Exchange) -> None:
        exchange.begin({})
        exchange.write(b"half of")
        loop.call_soon_threadsafe(begun.set)
        try:
            await asyncio.Event().wait()
        finally:
            loop.call_soon_threadsafe(gone.set)

    web.pages["/"] = hang
    fetching = asyncio.create_task(pages.fetch(SITE, into))
    await begun.wait()
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    await asyncio.wait_for(gone.wait(), 10)
    assert landed() is None


async def test_the_machine_itself_is_not_fetched_from_with_what_production_uses(into: Path) -> None:
    pages = WebPages(max_bytes=1, seconds=5)
    for url in ("http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://0/", "http://169.254.169.254/"):
        with pytest.raises(UrlRefused):
            await pages.fetch(url, into)
