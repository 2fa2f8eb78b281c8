"""A page of another site changes nothing here."""

from typing import Any

import pytest
from asgi_exchange import Answer, exchange, greet

from conversational_rag.middleware.authentication import SIGN_IN_COOKIE
from conversational_rag.middleware.origins import Origins
from conversational_rag.security.principals import Principal, Scope

COOKIE = {"Cookie": f"{SIGN_IN_COOKIE}=token"}
EVIL = {"Origin": "https://evil.example"}


async def ask(headers: dict[str, str], method: str = "POST", *, is_open: bool = True, **scope: Any) -> Answer:
    app = Origins(greet, ["https://www.example.org"], is_open=is_open)
    return await exchange(app, method, headers={"Host": "localhost:8000", **headers}, **scope)


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT", "PATCH"])
async def test_a_change_that_another_site_asks_for_is_refused(method: str) -> None:
    answer = await ask(EVIL, method)
    assert (answer.status, answer.code) == (403, "origin_refused")


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "http://localhost",
        "http://localhost:3000",
        "https://localhost",
        "http://127.0.0.1:8000",
        "http://localhost:8000.evil.example",
        "http://localhost:99999",
        "http://[",
        "file://",
        "https://www.example.org:8443",
        "https://www.example.org.evil.example",
    ],
)
async def test_an_origin_that_is_only_alike_is_refused(origin: str) -> None:
    assert (await ask({"Origin": origin})).status == 403


@pytest.mark.parametrize("origin", ["http://localhost:8000", "https://localhost:8000", "https://www.example.org"])
async def test_an_own_page_and_one_that_is_allowed_may(origin: str) -> None:
    assert (await ask({"Origin": origin})).status == 200


async def test_usual_ports_need_not_be_written() -> None:
    assert (await ask({"Host": "rag.example.org", "Origin": "https://rag.example.org"})).status == 200
    assert (await ask({"Host": "rag.example.org:443", "Origin": "https://rag.example.org"})).status == 200
    assert (await ask({"Host": "[::1]:8000", "Origin": "http://[::1]:8000"})).status == 200


async def test_programs_send_no_origin_and_may() -> None:
    assert (await ask({})).status == 200


async def test_a_browser_that_hides_the_origin_still_says_that_it_is_another_site() -> None:
    assert (await ask({"Sec-Fetch-Site": "cross-site"})).status == 403
    for site in ("same-origin", "none"):
        assert (await ask({"Sec-Fetch-Site": site})).status == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
async def test_looking_is_no_change(method: str) -> None:
    assert (await ask(EVIL, method)).status == 200


async def test_a_websocket_of_another_site_is_refused() -> None:
    assert (await ask(EVIL, type="websocket")).status == 403
    assert (await ask({"Origin": "http://localhost:8000"}, type="websocket")).messages == [{"type": "websocket.accept"}]


async def test_a_key_in_a_header_may_come_from_anywhere_and_a_cookie_may_not() -> None:
    for key in ({"X-API-Key": "crag_x"}, {"Authorization": "Bearer crag_x"}):
        assert (await ask({**EVIL, **key}, is_open=False)).status == 200
        assert (await ask({**EVIL, **key, **COOKIE}, is_open=False)).status == 200
    assert (await ask({**EVIL, **COOKIE}, is_open=False)).status == 403
    assert (await ask(EVIL, is_open=False)).status == 403, "nobody is signed in without his knowledge either"
    assert (await ask({**EVIL, "Authorization": "Basic abc"}, is_open=False)).status == 403


async def test_while_there_are_no_keys_a_header_proves_nothing() -> None:
    assert (await ask({**EVIL, "X-API-Key": "anything"}, is_open=True)).status == 403


PUBLIC = {"state": {"principal": Principal(Scope.CHAT, key_id="abc", origins=("https://team.example",))}}
SHOWN = {"X-API-Key": "crag_x"}


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE"])
async def test_a_key_that_stands_in_pages_is_for_their_origins_and_the_services_own(method: str) -> None:
    for origin in ("https://team.example", "http://localhost:8000"):
        assert (await ask({**SHOWN, "Origin": origin}, method, is_open=False, **PUBLIC)).status == 200
    # This one may use cookies, and the key was not made for it.
    for origin in ("https://www.example.org", "https://evil.example", "null", "", "https://team.example:8443"):
        answer = await ask({**SHOWN, "Origin": origin}, method, is_open=False, **PUBLIC)
        assert (answer.status, answer.code) == (403, "origin_refused")


async def test_a_program_that_has_copied_the_key_says_no_origin_and_may() -> None:
    assert (await ask(SHOWN, is_open=False, **PUBLIC)).status == 200
