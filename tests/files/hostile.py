"""Files that somebody sends to hurt, or by mistake; each with the verdict that it must get."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from files.book_makers import make_epub
from files.hostile_packages import (
    deep_docx,
    docx_of_many_members,
    docx_of_one_attribute,
    docx_of_zeros,
    docx_that_calls,
    docx_with_bomb_inside,
    docx_with_macros,
    docx_without_document,
    laughing_docx,
    laughing_odt,
    laughing_xlsx,
    lying_docx,
    nested_zip,
    overlapping_docx,
    prying_docx,
    quadratic_docx,
)
from files.hostile_pdfs import (
    form_loop,
    length_loop,
    parent_loop,
    reference_loop,
    tree_loop,
    with_actions,
    xref_loop,
)
from files.hostile_texts import deep_mail, json_under_long_key, mail_of_many_parts, wide_csv
from files.makers import (
    encrypt_pdf,
    make_bomb_docx,
    make_docx,
    make_many_pages_pdf,
    make_pdf,
    make_scan_pdf,
    make_stream_bomb_pdf,
    make_zip,
)
from files.markup_makers import make_html, make_rtf
from files.office_makers import make_pptx, make_xlsx, make_xlsx_of_xml, shape

READY, PARTIAL, EMPTY, FAILED = "ready", "partial", "empty", "failed"
TEXT = "The harbour master closes the north quay."
_LIMIT = (FAILED, "parsing_limit")
_DAMAGED = (FAILED, "unreadable_file")
_UNKNOWN = (FAILED, "unsupported_file")
_NAMELESS = (FAILED, "bad_input")
_BLANK = (FAILED, "empty_file")
_CLOSED = (FAILED, "encrypted_file")
_WORDLESS = (EMPTY, "no_text_found")
_WELL = (READY, None)


@dataclass(frozen=True, slots=True)
class Hostile:
    """A file by what its owner calls it, and its verdict: `says` is a word of the sentence that goes with it."""

    about: str
    filename: str
    make: Callable[[], bytes]
    status: str
    code: str | None
    says: str = ""


def _hostile(
    about: str, filename: str, make: Callable[[], bytes] | bytes, verdict: tuple[str, str | None], says: str = ""
) -> Hostile:
    return Hostile(about, filename, (lambda: make) if isinstance(make, bytes) else make, *verdict, says)


def archives(url: str) -> list[Hostile]:
    """Zipped files; whoever fetches what they refer to calls `url`."""
    return [
        _hostile("archives in archives", "nested.docx", nested_zip, _UNKNOWN, "ZIP"),
        _hostile("an archive embedded", "embedded.docx", docx_with_bomb_inside, _WELL),
        _hostile("a picture of zeros", "ratio.docx", partial(docx_of_zeros, 40), _LIMIT, "MAX_UNPACKED_RATIO"),
        _hostile("more zeros than are read", "size.docx", partial(docx_of_zeros, 140), _LIMIT, "MAX_UNPACKED_MB"),
        _hostile("a long text packed small", "text.docx", partial(make_bomb_docx, 60_000_000), _LIMIT, "RATIO"),
        _hostile("thousands of members", "members.docx", partial(docx_of_many_members, 1_001), _LIMIT, "MAX_PARTS"),
        _hostile("members that overlap", "overlap.docx", partial(overlapping_docx, 200), _LIMIT, "MAX_UNPACKED_MB"),
        _hostile("a size that is a lie", "lying.docx", lying_docx, _DAMAGED),
        _hostile("half an archive", "half.docx", lambda: make_docx([TEXT])[:-300], _DAMAGED),
        _hostile("no document in it", "hollow.docx", docx_without_document, _UNKNOWN),
        _hostile("macros", "macros.docm", lambda: docx_with_macros("The macro sleeps."), _WELL),
        _hostile("outer relations", "calls.docx", lambda: docx_that_calls(url, "Nobody calls."), _WELL),
        _hostile("the billion laughs", "laughs.docx", laughing_docx, _DAMAGED),
        _hostile("an entity ten thousand times", "quadratic.docx", quadratic_docx, _DAMAGED),
        _hostile("elements in elements", "deep.docx", deep_docx, _DAMAGED),
        _hostile("an attribute like a book", "attribute.docx", docx_of_one_attribute, _DAMAGED),
        _hostile("a file of the server", "prying.docx", partial(prying_docx, "/etc/passwd"), _WELL),
    ]


def workbooks_and_books() -> list[Hostile]:
    """Other zipped kinds, small when packed and large when told."""
    column = "".join('<row><c t="s"><v>0</v></c></row>' for _ in range(2_000))
    chapters = {f"c{number}.xhtml": "<p>x</p>" for number in range(600)}
    return [
        _hostile(
            "one text in every cell",
            "cells.xlsx",
            lambda: make_xlsx_of_xml({"S": f"<sheetData>{column}</sheetData>"}, ["w" * 30_000]),
            _LIMIT,
            "MAX_CHARACTERS",
        ),
        _hostile(
            "a slide listed often", "slides.pptx", partial(make_pptx, [shape("S")], listed=[1] * 501), _LIMIT, "501"
        ),
        _hostile("chapters without end", "chapters.epub", lambda: make_epub(chapters), _LIMIT, "600 chapters"),
        _hostile("laughs in a letter", "laughs.odt", laughing_odt, _DAMAGED),
        _hostile("laughs in a workbook", "laughs.xlsx", laughing_xlsx, _DAMAGED),
        _hostile("no values", "hollow.xlsx", lambda: make_xlsx({"S": [[None]]}), _WORDLESS, "values"),
    ]


def pdfs(url: str) -> list[Hostile]:
    """PDFs; whoever does what one of them asks for calls `url`."""
    mixed = ["The first page.", "", "", "The fourth page.", ""]
    return [
        _hostile("half a PDF", "half.pdf", lambda: make_pdf([TEXT] * 3)[:900], _DAMAGED),
        _hostile("a tree that holds itself", "tree.pdf", tree_loop, _DAMAGED),
        _hostile("a reference to itself", "reference.pdf", reference_loop, _DAMAGED),
        _hostile("parents of each other", "parents.pdf", partial(parent_loop, "Parents."), _WELL),
        _hostile("a table before itself", "xref.pdf", partial(xref_loop, "Tables."), _WELL),
        _hostile("a length in itself", "length.pdf", partial(length_loop, "Lengths."), _WELL),
        _hostile("a drawing of itself", "form.pdf", partial(form_loop, "Drawings."), _WELL),
        _hostile("scripts and programs", "actions.pdf", partial(with_actions, "Actions.", url), _WELL),
        _hostile("a stream of 300 MB", "stream.pdf", make_stream_bomb_pdf, _LIMIT, "PARSING_"),
        _hostile("10,000 pages", "pages.pdf", partial(make_many_pages_pdf, 10_000), _LIMIT, "MAX_PAGES"),
        _hostile(
            "a password", "closed.pdf", lambda: encrypt_pdf(make_pdf(["Closed."]), "key"), (FAILED, "encrypted_file")
        ),
        _hostile("an owner's password", "owned.pdf", lambda: encrypt_pdf(make_pdf(["Owned."]), ""), _WELL),
        _hostile("a scan", "scan.pdf", make_scan_pdf, _WORDLESS, "OCR"),
        _hostile(
            "scans between texts",
            "mixed.pdf",
            partial(make_pdf, mixed),
            (PARTIAL, None),
            "2-3 and 5",
        ),
    ]


def texts() -> list[Hostile]:
    """Plain text, or what is called so."""
    long_line = b"quay " * (5 * 2**20 // 5)
    return [
        _hostile("nothing", "nothing.txt", b"", _BLANK),
        _hostile("white space", "white.txt", b" \n\t\r\n" * 1000, _BLANK),
        _hostile("white space in UTF-16", "wide white.txt", " \n".encode("utf-16"), _BLANK),
        _hostile("UTF-16 with its mark", "marked.txt", f"{TEXT} Marked.".encode("utf-16"), _WELL),
        _hostile("UTF-16 without", "unmarked.txt", f"{TEXT} Unmarked.".encode("utf-16-le"), _WELL),
        _hostile("Latin-1", "latin.txt", "Die Straße führt über die Brücke.".encode("latin-1"), _WELL),
        _hostile("two encodings", "mixed.txt", ("Größe " * 30).encode() + "Größe".encode("latin-1"), _WELL),
        _hostile("stray zeros", "zeros.txt", f"{TEXT} ".encode() * 10 + b"\0\0\0", _WELL),
        _hostile("zeros only", "only zeros.txt", b"\0" * 10_000, _BLANK),
        _hostile("binary data", "binary.txt", bytes(range(256)) * 40, _UNKNOWN),
        _hostile("5 MB on one line", "line.txt", long_line, _LIMIT, "MAX_CHUNKS"),
        _hostile("a million lines", "lines.txt", b"ab\n" * 1_000_000, _LIMIT, "MAX_CHUNKS"),
        _hostile("more text than is read", "long.txt", b"word " * 4_100_000, _LIMIT, "MAX_CHARACTERS"),
    ]


def markups() -> list[Hostile]:
    """Text with marks in it: bombs of nesting and of repetition."""
    ends = make_html("<b>" * 120_000 + "</i>" * 120_000)
    return [
        _hostile("a wide header", "wide.csv", wide_csv, _LIMIT, "MAX_CHARACTERS"),
        _hostile("an open quote", "quote.csv", b'berth,fee\nnorth,"870\n' + b"south,900\n" * 20, _WELL),
        _hostile("commas only", "commas.csv", b",,,,\n" * 50_000, _WORDLESS),
        _hostile("brackets", "brackets.json", b"[" * 1_000_000, _LIMIT, "nested"),
        _hostile("a long key", "key.json", json_under_long_key, _LIMIT, "MAX_CHARACTERS"),
        _hostile("a long number", "number.json", b'{"n": ' + b"9" * 100_000 + b"}", _WELL),
        _hostile("half a JSON", "half.json", b'{"berth": "north", ', _DAMAGED, "line 1"),
        _hostile("elements in elements", "deep.html", make_html("<div>" * 100_000 + TEXT), _WELL),
        _hostile("ends without beginnings", "ends.html", ends, _LIMIT, "PARSING_SECONDS"),
        _hostile("a script only", "script.html", make_html("<script>write()</script>"), _WORDLESS),
        _hostile("groups in groups", "groups.rtf", b"{\\rtf1" + b"{" * 1_000_000, _LIMIT, "nested"),
        _hostile("a picture without end", "picture.rtf", make_rtf(TEXT + r" {\pict\bin999999999 x}"), _WELL),
        _hostile(
            "parts without end",
            "parts.eml",
            mail_of_many_parts,
            _LIMIT,
            "MAX_PARTS",
        ),
        _hostile("parts in parts", "deep.eml", deep_mail, _LIMIT, "nested"),
        _hostile("no header", "bare.eml", b"no header\n\nat all", _DAMAGED),
    ]


def wrong_endings() -> list[Hostile]:
    """What is not what its name says; told by the content, as far as that can be."""
    png = b"\x89PNG\r\n\x1a\n" + bytes(100)
    return [
        _hostile("a PDF", "pdf.docx", lambda: make_pdf(["A PDF in disguise."]), _WELL),
        _hostile("a DOCX", "docx.pdf", lambda: make_docx(["A DOCX in disguise."]), _WELL),
        _hostile("an RTF", "rtf.doc", make_rtf("An RTF in disguise."), _WELL),
        _hostile("a text", "text.pdf", TEXT.encode(), _DAMAGED, "plain text"),
        _hostile("a table", "table.xlsx", b"berth,fee\nnorth,870\n", _DAMAGED, "plain text"),
        _hostile("a page", "page.pdf", make_html(TEXT), _DAMAGED, "HTML"),
        _hostile("a picture", "png.txt", png, _UNKNOWN, "OCR"),
        _hostile("a program", "program.doc", b"MZ" + bytes(200), _UNKNOWN, "program"),
        _hostile("an archive", "archive.txt", make_zip({"a.txt": "a"}), _UNKNOWN, "ZIP"),
        _hostile("a format of nobody", "drawing.xyz", b"some text", _UNKNOWN, ".xyz"),
    ]


def names() -> list[Hostile]:
    """Files that are sound but for what they are called."""
    good = ["Übersicht Größe.txt", "گزارش سالانه.txt", "年度报告.md", "отчёт.txt", "हार्बर.txt", "emoji 🚀👩‍🔧.txt"]
    odd = ["CON", "dots.txt...", "fee\u202egnp.txt", "'quoted\"; x=y.txt", "-rf *.txt", "%2e%2e%2f.txt", "e\u0301.txt"]
    paths = ["..", "../../etc/passwd", "..\\..\\x.txt", "a/b.txt"]
    unprintable = ["a\x07b.txt", "a\x1b[2J.txt", "\x85.txt", "nul\0.txt", "n" * 300 + ".txt"]
    old = ["C:\\Files\\x.txt"]  # browsers of old sent the path; the name is its end
    verdicts = {**dict.fromkeys((*good, *odd, *old), _WELL), **dict.fromkeys((*paths, *unprintable), _NAMELESS)}
    return [
        _hostile("a name", name, f"The text of the file with the name number {number}.".encode(), verdict)
        for number, (name, verdict) in enumerate(verdicts.items())
    ]


def corpus(url: str) -> list[list[Hostile]]:
    """All of them, in batches of one upload, for a server whose MAX_CHUNKS and MAX_PARTS are 1000.

    `url` is an address that nobody must call.
    """
    return [archives(url), [*workbooks_and_books(), *pdfs(url)], [*texts(), *wrong_endings()], markups(), names()]
