"""Where sentences begin and end in a passage: prose, wrapped lines, lists and table rows, in any script."""

import re
from collections.abc import Iterator

Span = tuple[int, int]

_LONGEST = 320
_WRAPPED_LINE = 45

_ABBREVIATIONS = {
    "always": "dr mr mrs ms prof st rev hon hr hrn fr mme mlle vs cf al approx ca bzw ggf inkl exkl evtl sog vgl resp",
    "before a number": "no nos nr art abs ziff par sec fig figs abb tab eq ch kap pp vol ed bd p s jan feb mar apr jun"
    " jul aug sep sept oct okt nov dec dez",
}
_ALWAYS, _BEFORE_NUMBER = (frozenset(words.split()) for words in _ABBREVIATIONS.values())
_INITIALS = re.compile(r"(?:[^\W\d_]\.\s?)*[^\W\d_]")
# After a number and a full stop these make it an ordinal: "am 5. Mai", "im 19. Jahrhundert".
_AFTER_ORDINAL = re.compile(
    r"\s+(?:Jan|Feb|M[äa]r|Apr|Ma[iy]|Jun|Jul|Aug|Sep|O[kc]t|Nov|De[zc]|Jahrhundert|Etage|Stock|Auflage|Kapitel|Klasse)"
)
_CLOSERS = "\"'”’»›)\\]】」』）"
_END = re.compile(rf"[.!?…]+[{_CLOSERS}]*(?=\s|$)|[。！？｡]+[{_CLOSERS}]*|[؟۔।॥]+[{_CLOSERS}]*")
_LAST_WORD = re.compile(r"[^\s(\[\"'“„«]+$")
_LINE = re.compile(r"[^\n]+")
_LIST_ITEM = re.compile(r"\s*(?:[-*•‣▪–—·◦]|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)]|#{1,6})\s")
_TABLE_ROW = re.compile(r"\t|\S\s*\|\s*\S|^\s*\|")
_TERMINAL = re.compile(rf"[.!?…:。！？؟۔।][{_CLOSERS}]*\s*$")
_SOFT_CUT = re.compile(r"[;:,،؛、，；]\s*|\s+")


def split_sentences(text: str) -> list[Span]:
    """The sentences of a text as (start, end) positions, in order, not overlapping, without white space around."""
    return [span for block in _blocks(text) for end in _ends(text, block) for span in _sized(text, end)]


def _blocks(text: str) -> Iterator[Span]:
    """Stretches of text in which a line break is only the edge of a page: paragraphs, list items, table rows."""
    start = end = None
    for line in _LINE.finditer(text):
        if start is not None and not _continues(text, (start, end or 0), line.span()):
            yield start, end or 0
            start = None
        if start is None:
            start = line.start()
        end = line.end()
    if start is not None:
        yield start, end or 0


def _continues(text: str, block: Span, line: Span) -> bool:
    """Whether a line goes on with the sentence of the lines before it, which were wrapped at a margin."""
    if line[0] > block[1] + 1:
        return False
    previous = text[text.rfind("\n", block[0], block[1]) + 1 if "\n" in text[slice(*block)] else block[0] : block[1]]
    current = text[slice(*line)]
    if not current.strip() or not previous.strip() or _LIST_ITEM.match(current):
        return False
    if _TABLE_ROW.search(current) or _TABLE_ROW.search(previous):
        return False
    if current.lstrip()[0].islower():
        return True
    return len(previous.strip()) >= _WRAPPED_LINE and not _TERMINAL.search(previous)


def _ends(text: str, block: Span) -> Iterator[Span]:
    """The sentences of one block."""
    if _TABLE_ROW.search(text[slice(*block)]):
        yield block
        return
    start = block[0]
    for end in _END.finditer(text, *block):
        if not _is_abbreviated(text, start, end, block[1]):
            yield start, end.end()
            start = end.end()
    yield start, block[1]


def _is_abbreviated(text: str, start: int, end: re.Match[str], limit: int) -> bool:
    """Whether a full stop belongs to a word ("Dr.", "No. 5", "z. B.", "J. Smith", "5. Mai") and ends nothing."""
    if end.group() != ".":
        return False
    rest = text[end.end() : min(limit, end.end() + 24)]
    following = rest.lstrip()
    if following[:1].islower():
        return True
    word = _LAST_WORD.search(text, start, end.start())
    if word is None:
        return False
    stem = word.group()
    if stem.isdecimal():
        at_start = not text[start : word.start()].strip()
        return bool(following) and len(stem) <= 2 and (at_start or _AFTER_ORDINAL.match(rest) is not None)
    if stem.lower() in _BEFORE_NUMBER:
        return following[:1].isdecimal()
    return stem.lower() in _ALWAYS or _INITIALS.fullmatch(stem) is not None


def _sized(text: str, span: Span) -> Iterator[Span]:
    """The span without white space around, cut where it is longer than anybody would quote."""
    start, end = _stripped(text, span)
    while end - start > _LONGEST:
        cut = _cut(text, start)
        yield _stripped(text, (start, cut))
        start, end = _stripped(text, (cut, end))
    if start < end:
        yield start, end


def _cut(text: str, start: int) -> int:
    """Where a long sentence is best cut: after the last clause in its first stretch, or word, or anywhere."""
    cuts = list(_SOFT_CUT.finditer(text, start + _LONGEST // 2, start + _LONGEST))
    clauses = [cut for cut in cuts if not cut.group().isspace()]
    best = (clauses or cuts)[-1:]
    return best[0].end() if best else start + _LONGEST


def _stripped(text: str, span: Span) -> Span:
    start, end = span
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
