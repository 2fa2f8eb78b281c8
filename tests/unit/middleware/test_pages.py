"""The page, widgets and their files are everybody's, and nothing else is."""

import pytest
from asgi_exchange import exchange, greet

from conversational_rag.middleware.authentication import Authentication
from conversational_rag.middleware.caller_limits import CallerLimiting
from conversational_rag.security.caller_limits import Allowance, CallerLimits
from conversational_rag.security.wrong_keys import WrongKeys

WRONG = {"X-API-Key": "crag_wrong"}
PAGES = ["/", "/widget.js", "/static/js/main.js", "/static/a/b/c.css", "/widget/0123456789ab"]


def locked() -> Authentication:
    return Authentication(greet, is_open=False, signup=False, free_paths=())


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_stranger_is_given_a_page_and_so_is_who_shows_a_dead_key(path: str, method: str) -> None:
    assert (await exchange(locked(), method, path)).status == 200
    # No key is looked at: there is nothing here that could be asked.
    shown = await exchange(locked(), method, path, WRONG, resources={"wrong_keys": WrongKeys()})
    assert (shown.status, shown.state["principal"]) == (200, None)


@pytest.mark.parametrize("path", [*PAGES, "/static/../api/v1/keys"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_a_stranger_can_only_look(path: str, method: str) -> None:
    assert (await exchange(locked(), method, path)).status == 401


@pytest.mark.parametrize("path", ["/static", "/widget", "/widget.json", "//", "/api/v1/static/a", "/index.html", "/st"])
async def test_an_address_that_is_only_alike_is_no_page(path: str) -> None:
    assert (await exchange(locked(), path=path)).status == 401


async def test_a_visit_does_not_use_up_what_a_caller_may_ask() -> None:
    app = CallerLimiting(greet, is_open=False)
    counted = {"caller_limits": CallerLimits(Allowance(1, 0, 0))}
    for path in ("/", "/widget.js", "/static/a.js", "/static/b.js"):
        answer = await exchange(app, path=path, resources=counted)
        assert answer.status == 200
        assert "RateLimit" not in answer.headers
    # For this one the database is asked.
    frames = [(await exchange(app, path="/widget/0123456789ab", resources=counted)).status for _ in range(2)]
    assert frames == [200, 429]
    assert (await exchange(app, "POST", "/static/a.js", resources=counted)).status == 429
