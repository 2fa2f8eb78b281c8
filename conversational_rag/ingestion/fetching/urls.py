"""What the URL of a page may look like: read once and strictly, so that nobody after it can read it otherwise."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Self
from urllib.parse import quote, urljoin, urlsplit

import idna

from conversational_rag.errors import UrlRefused
from conversational_rag.ingestion.fetching.addresses import Address, is_public

_MAX_CHARACTERS = 8192
_MAX_HOST_CHARACTERS = 253
_DEFAULT_PORTS = {"http": 80, "https": 443}
_PORTS = frozenset(_DEFAULT_PORTS.values())
_AUTHORITY = re.compile(r"(?:\[(?P<v6>[0-9a-fA-F:.]+)\]|(?P<name>[^\[\]:]+))(?::(?P<port>[0-9]{0,5}))?")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_NEVER_IN_A_URL = re.compile(r"[\x00-\x1f\x7f-\x9f\\\u2028\u2029\ud800-\udfff]")
# Names that only mean something inside somebody's network; what they resolve to is checked as well.
_INTERNAL_ENDINGS = frozenset(
    "arpa corp home internal intranet lan local localdomain localhost onion private".split()  # noqa: SIM905 a list of words
)
_KEPT_IN_A_PATH = "%/:@!$&'()*+,;=~-._"


@dataclass(frozen=True, slots=True)
class WebUrl:
    """An http or https URL that may be fetched, as far as can be told without asking DNS.

    `host` is lower-case ASCII: a name in A-labels or an address without brackets; `target` is the path and the query.
    """

    scheme: str
    host: str
    port: int
    target: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """The URL in `text`. Raises UrlRefused, saying what is wrong with it."""
        text = _clean(text)
        try:
            parts = urlsplit(text)
        except ValueError as error:
            raise UrlRefused("This is not a valid URL; copy it from the browser's address line.") from error
        if parts.scheme not in _DEFAULT_PORTS:
            raise UrlRefused("Only http and https URLs are fetched; give the full URL, beginning with https://.")
        host, port = _authority(parts.netloc)
        target = quote(parts.path, safe=_KEPT_IN_A_PATH) or "/"
        if parts.query:
            target += "?" + quote(parts.query, safe=_KEPT_IN_A_PATH + "?")
        return cls(parts.scheme, host, port or _DEFAULT_PORTS[parts.scheme], target)

    def joined(self, location: str) -> Self:
        """Where a redirect from here to `location` leads. Raises UrlRefused, also for a way from https to http."""
        try:
            there = type(self).parse(urljoin(str(self), _clean(location)))
        except UrlRefused as error:
            raise UrlRefused(f"The page redirects to a URL that is not fetched. {error.detail}") from error
        except ValueError as error:
            raise UrlRefused("The page redirects to something that is not a URL; give the page's own URL.") from error
        if (self.scheme, there.scheme) == ("https", "http"):
            raise UrlRefused("The page redirects from https to http, which anybody on the way can change.")
        return there

    @property
    def authority(self) -> str:
        """The host, in brackets where it is an IPv6 address, with the port unless the scheme implies it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"


def _clean(text: str) -> str:
    """Without the spaces around it. Other readers drop or turn such characters in silence, so here they are refused."""
    text = text.strip(" ")
    if len(text) > _MAX_CHARACTERS:
        raise UrlRefused(f"The URL is longer than {_MAX_CHARACTERS} characters; give a shorter one.")
    if _NEVER_IN_A_URL.search(text):
        raise UrlRefused("The URL holds a backslash, a line break or a control character; remove it.")
    return text


def _authority(netloc: str) -> tuple[str, int | None]:
    if "@" in netloc:
        raise UrlRefused("The URL holds a user name or a password; remove them, pages are fetched without signing in.")
    found = _AUTHORITY.fullmatch(netloc)
    if found is None:
        raise UrlRefused("The URL's host is missing or not valid; write it as in https://example.org/page.")
    port = int(found["port"]) if found["port"] else None
    if port is not None and port not in _PORTS:
        raise UrlRefused("Pages are fetched from the ports 80 and 443 alone; give a URL without a port.")
    return (_literal(IPv6Address, found["v6"]) if found["v6"] else _host(found["name"])), port


def _host(name: str) -> str:
    name = _ascii(name).removesuffix(".")
    *parents, last = labels = name.split(".")
    if _NUMBER.fullmatch(last):
        # Resolvers read 127.1, 0x7f.1, 017700000001 and 2130706433 as addresses too, each in its own way.
        return _literal(IPv4Address, name)
    if len(name) > _MAX_HOST_CHARACTERS or not all(_LABEL.fullmatch(label) for label in labels):
        raise UrlRefused("The URL's host is not a valid name; write it as in https://example.org/page.")
    if not parents or last in _INTERNAL_ENDINGS:
        raise UrlRefused("The URL's host is a name inside a private network; only public pages are fetched.")
    return name


def _ascii(name: str) -> str:
    """The name in lower-case A-labels; full-width digits and other look-alikes of ASCII become what they look like."""
    if name.isascii():
        return name.lower()
    try:
        return idna.encode(name, uts46=True).decode().lower()
    except idna.IDNAError as error:
        raise UrlRefused("The URL's host is not a valid international name; copy it from the browser.") from error


def _literal(kind: type[IPv4Address] | type[IPv6Address], text: str) -> str:
    try:
        address: Address = kind(text)
    except ValueError as error:
        raise UrlRefused("The URL's host is a number, not a plain IP address; give the page's name instead.") from error
    if not is_public(address):
        raise UrlRefused("The URL's address is not on the public internet; only public pages are fetched.")
    return str(address)
