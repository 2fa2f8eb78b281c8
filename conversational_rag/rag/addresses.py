"""Addresses in an answer: those that its sources or the conversation hold word by word, and no others.

A document can ask for an address that carries what other documents say (`https://…/?q=…`). Such an address stands in no
source as a whole, even when its host does.
"""

import html
import re
from collections.abc import Sequence
from itertools import accumulate

from conversational_rag.rag.runs import MASK, Runs

_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_TRAILING = ".,;:!?'*_~"
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+")
_LINKED = re.compile(r"(?:(?:https?:)?//|mailto:|tel:)", re.IGNORECASE)
_WWW = "www."
_BEGINS = re.compile(r"(?<![A-Za-z0-9_.@-])|(?<=\bwww\.)")
# As in `_split`: signs of the sentence may follow, then what can be no part of an address.
_TAIL = re.compile(r"/?[.,;:!?'*_~)]*")
_ENDS = re.compile(r"[^\x21-\x7e]|[<>\"`\[\]{}|\\^]|\Z")
# What CommonMark takes for the destination of a link, without its brackets; and a title.
_DESTINATION = re.compile(r"\s*<?([^\s<>]+)>?(?:\s+(?:\"[^\"]*\"|'[^']*'|\([^()]*\)))?\s*")
_ESCAPE = re.compile(r"\\(?=[!-/:-@\[-`{-~])")
_SCHEME = re.compile(r"\s*<?[a-z][a-z0-9+.-]*:\S", re.IGNORECASE)


class KnownAddresses:
    """The addresses that some texts hold."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts

    def hold(self, address: str) -> bool:
        """Whether the address, with or without `https://` and `www.`, stands as a whole in one of the texts.

        Lines may be wrapped within it.
        """
        bare = _LINKED.sub("", address, count=1).removeprefix(_WWW).removesuffix("/")
        return bool(bare) and any(_stands_in(text, bare) for text in self._texts)


def _stands_in(text: str, address: str) -> bool:
    lines = text.split("\n")
    joined, line_ends = "".join(lines), set(accumulate(map(len, lines)))
    start = joined.find(address)
    while start >= 0:
        tail = _TAIL.match(joined, start + len(address))
        if _BEGINS.match(joined, start) and tail and (tail.end() in line_ends or _ENDS.match(joined, tail.end())):
            return True
        start = joined.find(address, start + 1)
    return False


class Addresses(Runs):
    """A filter that leaves of each address that is not known its beginning alone: `https://…`."""

    ends, reach = ("/", "."), 5
    beginning = re.compile(r"//|(?<!\w)www\.")
    characters = re.compile(r"[^\s<>\"`\[\]{}|\\^、。，；：！？（）「」『』【】“”‘’«»…]*")

    def __init__(self, known: KnownAddresses) -> None:
        super().__init__()
        self._known = known

    def judge(self, begun: str, run: str) -> tuple[str, str]:
        """The address, or the mask; behind it what belongs to the sentence."""
        address, rest = _split(run)
        if not address or not (begun.endswith(("://", _WWW)) or _HOST.match(address.lstrip("/"))):
            return "", run  # // begins a comment too
        if self._known.hold(address):
            return address, rest
        foreign = _NOT_ASCII.search(address)
        if foreign and self._known.hold(address[: foreign.start()]):
            # Words of a script without spaces; whoever makes a link of the address must not take them along.
            return f"{address[: foreign.start()]} ", address[foreign.start() :] + rest
        return MASK, rest


def is_harmless(destination: str, known: KnownAddresses) -> bool:
    """Whether a link may lead there: to a known address, or to a place within the reader's own pages."""
    # A reader's program undoes escapes and drops control characters before it looks for the scheme.
    plain = re.sub(r"[\x00-\x1f]", "", html.unescape(_ESCAPE.sub("", destination)))
    if not _SCHEME.match(plain) and "//" not in plain and "\\" not in plain:
        return True
    found = _DESTINATION.fullmatch(plain)
    return found is not None and _LINKED.match(found[1]) is not None and known.hold(found[1])


def _split(run: str) -> tuple[str, str]:
    """An address and what stands behind it: a full stop, or the end of the brackets that it stands in."""
    address = run[: _end_of_brackets(run)].rstrip(_TRAILING)
    return address, run[len(address) :]


def _end_of_brackets(run: str) -> int:
    """Where a bracket is closed that was not opened in the run; else its end."""
    depth = 0
    for place, character in enumerate(run):
        depth += (character == "(") - (character == ")")
        if depth < 0:
            return place
    return len(run)
