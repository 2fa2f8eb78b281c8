"""The service under test as its callers reach it: real HTTP, real WebSockets, nothing of its inside."""

import asyncio
import json
import socket
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

from conversational_rag.errors import BadInput
from conversational_rag.selftest.exchange import Answer, Request, Talk, Way

_SECONDS = 120.0
# Who asks too much has to wait no longer than that, in seconds; longer waits are for those who show wrong keys.
_LONGEST_WAIT = 90.0


class Service:
    """A service at an address. `requests` counts what it was asked.

    `spread`: it is on this machine, and what shows a wrong key comes from one loopback address after the other, because
    an address that has shown ten of them is told to wait instead of being refused.
    """

    def __init__(self, url: str, *, spread: bool = False) -> None:
        """Raises BadInput for what is no plain http address."""
        self.url, self._spread = _checked(url), spread and _has_many_addresses()
        # Not through a proxy that the environment names: it would see the keys.
        self._http = httpx2.AsyncClient(base_url=self.url, timeout=_SECONDS, trust_env=False)
        # Nothing is trusted by it, and nothing needs to be: what comes from many addresses is plain HTTP.
        self._no_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.requests = self._wrong_keys = 0

    async def send(self, key: str | None, asked: Request | Talk, *, wrong_key: bool = False) -> Answer:
        """The answer to a caller with this key. Raises BadInput when nobody answers.

        Who asks too much waits and asks again; not so who shows a wrong key.
        """
        while True:
            answer = await self._answer(key, asked, self._loopback() if wrong_key and self._spread else None)
            if wrong_key or answer.status != httpx2.codes.TOO_MANY_REQUESTS or answer.wait_seconds > _LONGEST_WAIT:
                return answer
            await asyncio.sleep(answer.wait_seconds)

    async def need(self, key: str, asked: Request | Talk, *, wrong_key: bool = False) -> Any:
        """The body of an answer without which nothing can be tested. Raises BadInput when it is refused."""
        answer = await self.send(key, asked, wrong_key=wrong_key)
        if not 200 <= answer.status < 300:
            raise BadInput(f"The selftest cannot go on, {asked.path} answered {answer.status}: {answer.detail}")
        return answer.parsed

    async def aclose(self) -> None:
        """Let the connections go."""
        await self._http.aclose()

    def _loopback(self) -> str:
        """The next of this machine's addresses, another one for each wrong key."""
        self._wrong_keys += 1
        return f"127.1.{self._wrong_keys // 250}.{self._wrong_keys % 250 + 1}"

    async def _answer(self, key: str | None, asked: Request | Talk, source: str | None) -> Answer:
        """From the `source` address, None for whichever."""
        self.requests += 1
        try:
            if isinstance(asked, Talk):
                return await self._talk(key, asked, source)
            if source is None:
                return await _request(self._http, key, asked)
            transport = httpx2.AsyncHTTPTransport(local_address=source, verify=self._no_tls)
            async with httpx2.AsyncClient(base_url=self.url, timeout=_SECONDS, transport=transport) as http:
                return await _request(http, key, asked)
        except (httpx2.TransportError, WebSocketException, OSError) as error:
            raise BadInput(f"The service at {self.url} does not answer: {error or type(error).__name__}") from error

    async def _talk(self, key: str | None, talk: Talk, source: str | None) -> Answer:
        address = f"ws{self.url.removeprefix('http')}{talk.path}"
        if talk.way is Way.ADDRESS and key is not None:
            address += "?" + urlencode({"key": key, "api_key": key, "token": key})
        headers = _bearer(key if talk.way is Way.HEADER else None)
        end = None if source is None else (source, 0)
        try:
            async with connect(
                address, additional_headers=headers, open_timeout=_SECONDS, proxy=None, local_addr=end
            ) as talking:
                async with asyncio.timeout(_SECONDS):
                    return await _converse(talking, key if talk.way is Way.FRAME else None, talk.question)
        except InvalidStatus as refused:
            got = refused.response
            told = {name.lower(): value for name, value in got.headers.raw_items()}
            return Answer(got.status_code, told, bytes(got.body or b""))


async def _request(http: httpx2.AsyncClient, key: str | None, asked: Request) -> Answer:
    files = None if asked.file is None else [("files", asked.file)]
    answer = await http.request(
        asked.method,
        asked.path,
        headers=_bearer(key),
        params=dict(asked.params),
        json=asked.json,
        data=dict(asked.form) or None,
        files=files,
    )
    # The cookie of a sign-in would go along with the next one's request.
    http.cookies.clear()
    return Answer(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.content)


async def _converse(talking: ClientConnection, key: str | None, question: Mapping[str, Any]) -> Answer:
    if key is not None:
        await talking.send(json.dumps({"type": "auth", "key": key}))
    await talking.send(json.dumps(question))
    frames: list[str] = []
    async for received in talking:
        frames.append(received if isinstance(received, str) else received.decode())
        frame = json.loads(frames[-1])
        if frame["type"] in ("end", "error"):
            return Answer(frame.get("status", 200), {}, "\n".join(frames).encode())
    return Answer(0, {}, "\n".join(frames).encode())


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput("--url takes the address of a service, as in http://127.0.0.1:8000.")
    if parts.query or parts.fragment or parts.username or parts.password:
        raise BadInput("--url takes an address alone: a key goes into the variable CRAG_KEY, never into the address.")
    return url.rstrip("/")


def _has_many_addresses() -> bool:
    """Whether 127.0.0.0/8 is this machine's, all of it (Linux); elsewhere it is 127.0.0.1 alone."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.1.0.1", 0))
        except OSError:
            return False
        return True


def _bearer(key: str | None) -> dict[str, str]:
    return {} if key is None else {"Authorization": f"Bearer {key}"}
