"""The provider's chat completions over HTTP: what is the same in every request is prepared once.

The SDK's `create` copies, merges and validates all of that for each call, which takes twice as long as the call itself.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Mapping
from typing import Any, cast

import aiohttp
import httpx
from httpx_aiohttp import HttpxAiohttpClient

NOT_SENT = (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError, RuntimeError, ValueError)
"""What sending can raise: httpx's errors, and what it or aiohttp lets through (a closed client, an answer not HTTP)."""

_LIMITS = httpx.Limits(max_connections=1000, max_keepalive_connections=20, keepalive_expiry=30)
_DRAIN_SECONDS = 0.5
_PATH = "openai/v1/chat/completions"
# As httpx writes JSON, with half characters (which broken files hold) let through: they become question marks.
_write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


class Completions:
    """Sends requests through an HTTP client, whose own headers, proxies and hooks hold; keeps nothing of a call."""

    def __init__(
        self, http: httpx.AsyncClient, base_url: httpx.URL, headers: Mapping[str, str], timeout: httpx.Timeout
    ) -> None:
        """`base_url` ends with a slash; `headers` go before those of the client."""
        self._http, self._url = http, base_url.join(_PATH)
        self._headers = http.headers.copy()
        self._headers.update({"Accept": "application/json", "Content-Type": "application/json", **headers})
        self._extensions = {"timeout": timeout.as_dict()}

    def request(self, body: Mapping[str, Any]) -> httpx.Request:
        """The request with this body."""
        content = _write(body).encode("utf-8", "replace")
        return httpx.Request("POST", self._url, headers=self._headers, content=content, extensions=self._extensions)

    async def send(self, request: httpx.Request) -> httpx.Response:
        """The beginning of the answer or of the refusal, to be read and closed by the caller."""
        return await self._http.send(request, stream=True)


def plain_client() -> httpx.AsyncClient:
    """httpx over aiohttp's parser: half the CPU for each word that arrives (docs/performance.md); without cookies."""
    client = HttpxAiohttpClient(limits=_LIMITS)
    client._cookies = _NoCookies()  # its setter would make a jar of them
    return client


class _NoCookies(httpx.Cookies):
    """Keeps none: the provider's would tie all callers of the service together, and looking for them in each answer
    takes a fifth of the time of sending."""

    def extract_cookies(self, response: httpx.Response) -> None:
        """Nothing."""

    def set_cookie_header(self, request: httpx.Request) -> None:
        """Nothing."""


def reads_of(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    """An answer's bytes as they come; whoever stops early closes it."""
    return cast(AsyncGenerator[bytes, None], response.aiter_bytes())


async def drain(reads: AsyncGenerator[bytes, None]) -> None:
    """Read to the end of the body, which is due now, so that the connection can be used again."""
    with contextlib.suppress(TimeoutError, httpx.HTTPError):
        async with asyncio.timeout(_DRAIN_SECONDS):
            async for _ in reads:
                pass


def parsed(body: bytes) -> object:
    """A refusal's body: its JSON, or its text where it is none."""
    text = body.decode("utf-8", "replace").strip()
    try:
        return json.loads(text)
    except ValueError:
        return text
