"""HTML and XHTML to the text of its sections, in one pass and without a tree."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from lxml import etree

from conversational_rag.errors import UnreadableFile
from conversational_rag.ingestion.error_tables import ErrorTable, means, translated
from conversational_rag.ingestion.formats.hypertext import Draft, Hypertext
from conversational_rag.ingestion.limits import Limits
from conversational_rag.ingestion.text.characters import clean, spell_out
from conversational_rag.ingestion.text.charsets import declared_encoding, decode_named

ERRORS: ErrorTable = {etree.Error: means(UnreadableFile)}
_XHTML = re.compile(r"\s*<\?xml\s|[^>]*<html[^>]*\sxmlns\s*=", re.IGNORECASE)
_HEAD_CHARACTERS = 2_000
_VOID = "area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr"
_EMPTY_ELEMENT = re.compile(rf"<(?!(?:{_VOID})\b)([A-Za-z][\w:.-]*)((?:\s[^<>]*)?)/>")


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of a page from one top heading (h1, h2) to the next; `text` begins with its heading.

    `heading` is one line; None for what stands before the first heading, or for a page that has none.
    """

    heading: str | None
    text: str


def sections(html: bytes | str, *, encoding: str | None = None, limits: Limits | None = None) -> list[Section]:
    """The page's sections that hold text, in reading order, the page's title first; [] for a page without text.

    Bytes are decoded by their byte order mark, by being UTF-8, by `encoding` (what a header outside says), by what
    the markup declares, or by what they look like, in this order. Nesting may be as deep as it likes. Raises
    ParsingLimit beyond `limits.characters` of text, as soon as they are there, or beyond `limits.chunks` sections.
    """
    source = html if isinstance(html, str) else decode_named(html, encoding or declared_encoding(html)).text
    source = source.replace("\0", "")
    if not source.strip():
        return []
    if _XHTML.match(source[:_HEAD_CHARACTERS]):
        source = _EMPTY_ELEMENT.sub(r"<\1\2></\1>", source)  # HTML takes <title/> for a start tag
    page = Hypertext(limits or Limits())
    # Under a tree libxml2 drops what is nested deeper than 2,048 elements; with a target it has no such bound.
    parser = etree.HTMLParser(target=page, encoding="utf-8", huge_tree=True)
    with translated(ERRORS):
        etree.fromstring(source.encode("utf-8", "replace"), parser)
    return _joined(_tidy(page.title.text), page.drafts)


@dataclass(slots=True)
class _Stretch:
    heading: str | None
    texts: list[str] = field(default_factory=list)


def _joined(title: str, drafts: Iterable[Draft]) -> list[Section]:
    """A heading that nothing but another one follows stands at the head of that one's section."""
    waiting, stretches = [title] if title else [], list[_Stretch]()
    for draft in drafts:
        heading, text = _tidy(draft.heading), _tidy(draft.lines.text)
        waiting = [] if waiting == [heading] else waiting
        if heading and " ".join(text.split()) == heading:
            waiting.append(heading)
        elif text and (heading or not stretches):
            stretches.append(_Stretch(heading or None, [*waiting, text]))
            waiting = []
        elif text:
            stretches[-1].texts += [*waiting, text]
            waiting = []
    if stretches:
        stretches[-1].texts += waiting
    elif waiting not in ([], [title]):
        stretches.append(_Stretch(None, waiting))
    return [Section(stretch.heading, "\n\n".join(stretch.texts)) for stretch in stretches]


def _tidy(text: str) -> str:
    return spell_out(clean(text)).strip()
