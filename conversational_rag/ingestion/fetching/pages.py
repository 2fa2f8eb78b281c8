"""Fetches a public web page, or a file on the web, whose URL a stranger chose: without reaching anything else."""

import asyncio
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from pathlib import Path

import httpcore2

from conversational_rag.errors import UrlUnreachable
from conversational_rag.ingestion.fetching.body import Body
from conversational_rag.ingestion.fetching.filenames import document_name
from conversational_rag.ingestion.fetching.network import PublicNetwork, Resolve, system_addresses
from conversational_rag.ingestion.fetching.urls import WebUrl

_MOST_REDIRECTS = 5
_CONNECT_SECONDS = 5.0  # for each address of a host, so that a dead one leaves time for the next
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_PACKINGS = {"": False, "identity": False, "gzip": True, "x-gzip": True}
_REQUEST_HEADERS: Sequence[tuple[str | bytes, str | bytes]] = (
    ("User-Agent", "conversational-rag"),
    ("Accept", "text/html, application/pdf, text/plain, */*;q=0.8"),
    ("Accept-Encoding", "gzip"),
)
# What httpcore2 raises, with what the owner of the URL is told; the first that fits counts.
_FAILURES: Sequence[tuple[type[Exception], str]] = (
    (httpcore2.ConnectTimeout, "does not accept a connection in time; try again later"),
    (httpcore2.ConnectError, "cannot be reached; open the URL in a browser to see whether it works"),
    (httpcore2.TimeoutException, "does not answer in time; try again later"),
    (httpcore2.NetworkError, "broke off the connection; try again later"),
    (httpcore2.ProtocolError, "does not answer in proper HTTP; open the URL in a browser to see whether it works"),
)
_CERTIFICATE_FAILURE = "has no valid TLS certificate for this name; open the URL in a browser to see what is wrong"


@dataclass(frozen=True, slots=True)
class Fetched:
    """A page that was fetched. `url` is where it was found in the end, `size` is in bytes, `media_type` in lower case
    and without parameters ("" when the sender named none), `charset` as the sender says, for text."""

    filename: str
    sha256: str
    size: int
    url: str
    media_type: str
    charset: str | None


class WebPages:
    """Fetches pages over http and https from public addresses, ports 80 and 443, in at most five redirects.

    It sends no cookies and no credentials, and goes through no proxy, whatever the environment names.
    """

    def __init__(
        self,
        *,
        max_bytes: int,
        seconds: float,
        resolve: Resolve = system_addresses,
        network: httpcore2.AsyncNetworkBackend | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`max_bytes` of one page, packed and unpacked; `seconds` for all of it, redirects included.

        `resolve` asks for a host's addresses, `network` connects to those that passed the check, `tls` knows whom to
        trust: by default the operating system for all three.
        """
        self._max_bytes, self._seconds = max_bytes, seconds
        self._network = PublicNetwork(resolve, network or httpcore2.AnyIOBackend())
        self._tls = tls or httpcore2.default_ssl_context()

    async def fetch(self, url: str, into: Path) -> Fetched:
        """Write the page at `url` to the file `into`, which is not there afterwards when this fails.

        Raises UrlRefused, UrlUnreachable, FileTooLarge, StorageFull.
        """
        page = WebUrl.parse(url)
        try:
            async with asyncio.timeout(self._seconds):
                return await self._follow(page, into)
        except TimeoutError as error:
            raise UrlUnreachable(
                f"The page did not arrive within {self._seconds:g} seconds; try again later, or upload it as a file."
            ) from error

    async def _follow(self, url: WebUrl, into: Path) -> Fetched:
        for _ in range(_MOST_REDIRECTS + 1):
            result = await self._ask(url, into)
            if isinstance(result, Fetched):
                return result
            url = result
        raise UrlUnreachable(f"The page redirects more than {_MOST_REDIRECTS} times; give the URL where it ends.")

    async def _ask(self, url: WebUrl, into: Path) -> Fetched | WebUrl:
        """The page, or where it has gone. Each request makes a connection of its own, to an address checked for it."""
        request = httpcore2.URL(scheme=url.scheme, host=url.host, port=url.port, target=url.target)
        headers = [("Host", url.authority), *_REQUEST_HEADERS]
        extensions = {"timeout": {"connect": _CONNECT_SECONDS}}
        pool = httpcore2.AsyncConnectionPool(ssl_context=self._tls, network_backend=self._network)
        with _failures_of(url):
            async with pool, pool.stream("GET", request, headers=headers, extensions=extensions) as response:
                answer = _headers(response)
                if response.status in _REDIRECTS and "location" in answer:
                    return url.joined(answer["location"])
                if response.status != HTTPStatus.OK:
                    raise _refusal(url, response.status)
                return await self._keep(response, answer, url, into)

    async def _keep(self, response: httpcore2.Response, answer: Message, url: WebUrl, into: Path) -> Fetched:
        packing = answer.get("content-encoding", "").strip().lower()
        if packing not in _PACKINGS:
            raise UrlUnreachable(f"{url.host} sends the page packed in a way that was not asked for; upload the file.")
        with Body(into, self._max_bytes, gzipped=_PACKINGS[packing]) as body:
            body.expect(answer.get("content-length", ""))
            async for piece in response.aiter_stream():
                await body.add(piece)
            await body.finish()
        media_type = answer.get_content_type() if "content-type" in answer else ""
        return Fetched(
            filename=document_name(answer.get("content-disposition", ""), url, media_type),
            sha256=body.sha256,
            size=body.size,
            url=str(url),
            media_type=media_type,
            charset=answer.get_content_charset(),
        )


def _headers(response: httpcore2.Response) -> Message:
    """The response's headers; most senders of names outside ASCII mean UTF-8, whatever the standard says."""
    message = Message()
    for name, value in response.headers:
        try:
            message[name.decode("ascii")] = value.decode()
        except UnicodeDecodeError:
            message[name.decode("ascii")] = value.decode("latin-1")
    return message


def _refusal(url: WebUrl, status: int) -> UrlUnreachable:
    said = f"{status} {_PHRASES.get(status, '')}".strip()
    return UrlUnreachable(f"{url.host} answers with {said}; check that the URL opens in a browser without signing in.")


@contextmanager
def _failures_of(url: WebUrl) -> Iterator[None]:
    try:
        yield
    except tuple(kind for kind, _ in _FAILURES) as error:
        told = next(told for kind, told in _FAILURES if isinstance(error, kind))
        if isinstance(error.__context__, ssl.SSLCertVerificationError):
            told = _CERTIFICATE_FAILURE
        raise UrlUnreachable(f"{url.host} {told}.") from error
