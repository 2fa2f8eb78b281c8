"""Every answer tells browsers to trust nothing in it."""

from asgi_exchange import exchange, greet
from starlette.responses import HTMLResponse

from conversational_rag.errors import NotFound
from conversational_rag.exception_handlers import response
from conversational_rag.middleware.security_headers import SecurityHeaders


async def test_an_answer_may_load_nothing_and_be_framed_by_nobody() -> None:
    headers = (await exchange(SecurityHeaders(greet))).headers
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "geolocation=()" in headers["Permissions-Policy"]


async def test_an_answer_may_know_better() -> None:
    page = HTMLResponse("<p>", headers={"Content-Security-Policy": "default-src 'self'", "Cache-Control": "max-age=60"})
    headers = (await exchange(SecurityHeaders(page))).headers
    assert headers.getlist("Content-Security-Policy") == ["default-src 'self'"]
    assert headers.getlist("Cache-Control") == ["max-age=60"]


async def test_a_page_that_some_sites_may_frame_is_not_called_unframed_by_the_older_word() -> None:
    def page(policy: str) -> HTMLResponse:
        return HTMLResponse("<p>", headers={"Content-Security-Policy": policy})

    framed = page("default-src 'none'; frame-ancestors https://www.example.org")
    assert "X-Frame-Options" not in (await exchange(SecurityHeaders(framed))).headers
    for policy in ("default-src 'self'; frame-ancestors 'none'", "default-src 'self'"):
        assert (await exchange(SecurityHeaders(page(policy)))).headers["X-Frame-Options"] == "DENY"


async def test_encryption_is_asked_for_where_there_is_some() -> None:
    assert "Strict-Transport-Security" not in (await exchange(SecurityHeaders(greet))).headers
    encrypted = await exchange(SecurityHeaders(greet), scheme="https")
    assert encrypted.headers["Strict-Transport-Security"].startswith("max-age=")


async def test_the_refusal_of_a_websocket_is_an_answer_too() -> None:
    app = SecurityHeaders(response(NotFound(), "the-request"))
    headers = (await exchange(app, type="websocket", scheme="ws")).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
