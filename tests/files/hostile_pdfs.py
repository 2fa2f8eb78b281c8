"""PDFs that lead in circles, promise what they do not hold, or want something done."""

from collections.abc import Sequence

_FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
_PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 842]/Resources<</Font<</F 5 0 R>>>>/Contents 4 0 R%s>>"


def tree_loop() -> bytes:
    """A page tree that holds itself."""
    return _pdf([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 5/Kids[2 0 R 2 0 R]>>"])


def parent_loop(text: str) -> bytes:
    """A page whose ancestors are each other's parents: its size is nowhere to be found."""
    page = b"<</Type/Page/Parent 2 0 R/Resources<</Font<</F 5 0 R>>>>/Contents 4 0 R>>"
    tree = b"<</Type/Pages/Count 1/Kids[3 0 R]/Parent 6 0 R>>"
    above = b"<</Type/Pages/Count 1/Kids[2 0 R]/Parent 2 0 R>>"
    return _pdf([b"<</Type/Catalog/Pages 2 0 R>>", tree, page, _drawn(text), _FONT, above])


def xref_loop(text: str) -> bytes:
    """A cross-reference table that names itself as the one before it."""
    return _pdf(_one_page(text), before_itself=True)


def reference_loop() -> bytes:
    """A page tree that is a reference to itself."""
    return _pdf([b"<</Type/Catalog/Pages 2 0 R>>", b"2 0 R"])


def length_loop(text: str) -> bytes:
    """A content stream whose length stands in itself."""
    drawn = _drawn(text)
    return _pdf([*_one_page(text)[:3], b"<</Length 4 0 R>>" + drawn[drawn.index(b"\nstream") :], _FONT])


def form_loop(text: str) -> bytes:
    """A drawing that draws itself."""
    content = b"/X Do BT /F 10 Tf 50 700 Td (%s) Tj ET" % text.encode("ascii")
    form = (
        b"<</Type/XObject/Subtype/Form/BBox[0 0 100 100]/Resources<</XObject<</X 6 0 R>>>>/Length 5>>"
        b"\nstream\n/X Do\nendstream"
    )
    page = (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 842]"
        b"/Resources<</Font<</F 5 0 R>>/XObject<</X 6 0 R>>>>/Contents 4 0 R>>"
    )
    drawn = b"<</Length %d>>\nstream\n%s\nendstream" % (len(content), content)
    return _pdf([*_one_page(text)[:2], page, drawn, _FONT, form])


def with_actions(text: str, url: str) -> bytes:
    """A PDF that wants to run a script, start a program and call home when it is opened."""
    catalog = (
        b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.launchURL\\('%(url)s'\\))>>"
        b"/AA<</WC<</S/Launch/F(/bin/sh)>>>>/URI<</Base(%(url)s)>>>>" % {b"url": url.encode("ascii")}
    )
    page = _PAGE % b"/AA<</O<</S/SubmitForm/F(%s)>>>>" % url.encode("ascii")
    return _pdf([catalog, _one_page(text)[1], page, _drawn(text), _FONT])


def _one_page(text: str) -> list[bytes]:
    tree = b"<</Type/Pages/Count 1/Kids[3 0 R]>>"
    return [b"<</Type/Catalog/Pages 2 0 R>>", tree, _PAGE % b"", _drawn(text), _FONT]


def _drawn(text: str) -> bytes:
    content = b"BT /F 10 Tf 50 700 Td (%s) Tj ET" % text.encode("ascii")
    return b"<</Length %d>>\nstream\n%s\nendstream" % (len(content), content)


def _pdf(objects: Sequence[bytes], *, before_itself: bool = False) -> bytes:
    out, offsets = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    before = b"/Prev %d" % start if before_itself else b""
    return out + b"trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (len(offsets) + 1, before, start)
