"""Makers of test files: pure functions from plain values to the bytes of a document, sound or hostile."""

import io
import textwrap
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence

from docx import Document
from pypdf import PdfWriter

LINE_CHARACTERS = 85
_PAGE_WIDTH, _PAGE_HEIGHT, _MARGIN, _LEADING, _FONT_SIZE = 612, 842, 50, 14, 10


def make_pdf(pages: Sequence[str]) -> bytes:
    """A PDF with a text layer, a page for each text, whatever its script; long lines are wrapped between words.

    A page grows with its text, so that nothing falls off it. Signs are drawn from left to right as they come,
    so a right-to-left line must be handed over as it stands on paper: reversed.
    """
    return _pdf_of_columns([[(_MARGIN, page)] for page in pages], LINE_CHARACTERS)


def make_two_column_pdf(left: str, right: str) -> bytes:
    """One page whose two columns stand side by side, drawn one after the other."""
    return _pdf_of_columns([[(_MARGIN, left), (_PAGE_WIDTH // 2 + 10, right)]], LINE_CHARACTERS // 2)


def make_scan_pdf(pages: int = 2) -> bytes:
    """Pages that hold an image each, and no text."""
    pixels = bytes(range(256))
    image = b"<</Type/XObject/Subtype/Image/Width 16/Height 16/ColorSpace/DeviceGray/BitsPerComponent 8/Length 256>>"
    content = b"q 500 0 0 700 50 50 cm /Scan Do Q"
    body = [_stream(image, pixels), _stream(b"<</Length %d>>" % len(content), content)]
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 842]/Resources<</XObject<</Scan 3 0 R>>>>/Contents 4 0 R>>"
    return _assembled_pdf(body, [page] * pages)


def make_form_pdf(label: str, value: str) -> bytes:
    """A page with a label and a text field that somebody filled in."""
    content = b"BT /F 10 Tf 50 700 Td (%s) Tj ET" % label.encode("latin-1")
    appearance = b"/Tx BMC q BT /F 10 Tf 2 4 Td (%s) Tj ET Q EMC" % value.encode("latin-1")
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
    form = b"<</Type/XObject/Subtype/Form/BBox[0 0 200 20]/Resources<</Font<</F 3 0 R>>>>/Length %d>>" % len(appearance)
    field = (
        b"<</Type/Annot/Subtype/Widget/FT/Tx/T(name)/V(%s)/Rect[150 695 350 715]/F 4/AP<</N 5 0 R>>/P 7 0 R>>"
        % value.encode("latin-1")
    )
    body = [font, _stream(b"<</Length %d>>" % len(content), content), _stream(form, appearance), field]
    page = (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 842]/Resources<</Font<</F 3 0 R>>>>/Contents 4 0 R/Annots[6 0 R]>>"
    )
    return _assembled_pdf(body, [page], catalog=b"/AcroForm<</Fields[6 0 R]/DR<</Font<</F 3 0 R>>>>>>")


def make_stream_bomb_pdf(unpacked_bytes: int = 300_000_000) -> bytes:
    """A small PDF whose only content stream unpacks to `unpacked_bytes` of text operators."""
    squeeze = zlib.compressobj(9)
    block = b"BT /F 10 Tf 50 700 Td (ab) Tj ET\n" * 10_000
    packed = b"".join(squeeze.compress(block) for _ in range(unpacked_bytes // len(block))) + squeeze.flush()
    content = _stream(b"<</Filter/FlateDecode/Length %d>>" % len(packed), packed)
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 842]/Resources<</Font<</F 3 0 R>>>>/Contents 4 0 R>>"
    return _assembled_pdf([font, content], [page])


def make_many_pages_pdf(count: int) -> bytes:
    """A PDF of `count` pages that share one empty content stream."""
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 842]/Contents 3 0 R>>"
    return _assembled_pdf([_stream(b"<</Length 0>>", b"")], [page] * count)


def encrypt_pdf(data: bytes, password: str) -> bytes:
    """The same PDF under AES-256; with the empty password anybody can open it, but not change it."""
    writer = PdfWriter(clone_from=io.BytesIO(data))
    writer.encrypt(user_password=password, owner_password="owner", algorithm="AES-256")
    return _written(writer)


def rotate_pdf(data: bytes, degrees: int) -> bytes:
    """The same PDF with every page turned, clockwise, by a multiple of 90 degrees."""
    writer = PdfWriter(clone_from=io.BytesIO(data))
    for page in writer.pages:
        page.rotate(degrees)
    return _written(writer)


def make_docx(
    paragraphs: Iterable[str], table: Sequence[Sequence[str]] | None = None, *, header: str = "", footer: str = ""
) -> bytes:
    """A DOCX with these paragraphs, then the table's rows, under a header and over a footer."""
    document = Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    if table:
        grid = document.add_table(rows=len(table), cols=len(table[0]))
        for cells, values in zip((row.cells for row in grid.rows), table, strict=True):
            for cell, value in zip(cells, values, strict=True):
                cell.text = value
    document.sections[0].header.paragraphs[0].text = header
    document.sections[0].footer.paragraphs[0].text = footer
    return _saved(document)


def make_docx_of_xml(body: str, parts: Mapping[str, str] | None = None) -> bytes:
    """A DOCX whose body is the given WordprocessingML; `parts` replaces or adds members of the archive by name."""
    namespaces = (
        'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
        'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
        'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
    )
    document = f'<?xml version="1.0"?><w:document {namespaces}><w:body>{body}</w:body></w:document>'
    return replace_members(make_docx([]), {"word/document.xml": document, **(parts or {})})


def make_bomb_docx(characters: int) -> bytes:
    """A small DOCX whose document.xml unpacks to more than `characters`."""
    run = "<w:p><w:r><w:t>" + "a" * 1000 + "</w:t></w:r></w:p>"
    return make_docx_of_xml(run * (characters // 1000))


def replace_members(archive: bytes, members: Mapping[str, str | bytes | None]) -> bytes:
    """The archive with members replaced, added, or (None) left out."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in members:
                new.writestr(name, old.read(name))
        for name, content in members.items():
            if content is not None:
                new.writestr(name, content)
    return out.getvalue()


def make_zip(members: Mapping[str, str | bytes]) -> bytes:
    """A ZIP archive with these members, in this order."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def _pdf_of_columns(pages: Sequence[Sequence[tuple[int, str]]], width: int) -> bytes:
    """Each page is some columns, each of them its left edge and its text."""
    glyphs = {sign: number for number, sign in enumerate(sorted({s for page in pages for _, t in page for s in t}), 1)}
    body, leaves = _font(glyphs), []
    for columns in pages:
        lines = [(left, _wrapped(text, width)) for left, text in columns]
        height = max(_PAGE_HEIGHT, 2 * _MARGIN + _LEADING * max((len(column) for _, column in lines), default=0))
        content = zlib.compress(b"\n".join(_drawn(left, height, column, glyphs) for left, column in lines))
        body.append(_stream(b"<</Filter/FlateDecode/Length %d>>" % len(content), content))
        leaves.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d %d]/Resources<</Font<</F 3 0 R>>>>/Contents %d 0 R>>"
            % (_PAGE_WIDTH, height, len(body) + 2)
        )
    return _assembled_pdf(body, leaves)


def _wrapped(text: str, width: int) -> list[str]:
    return [line for paragraph in text.split("\n") for line in textwrap.wrap(paragraph, width) or [""]]


def _drawn(left: int, height: int, lines: Sequence[str], glyphs: Mapping[str, int]) -> bytes:
    shown = (b"<%s> '" % "".join(f"{glyphs[sign]:04x}" for sign in line).encode() for line in lines)
    start = b"BT /F %d Tf %d TL %d %d Td\n" % (_FONT_SIZE, _LEADING, left, height - _MARGIN)
    return start + b"\n".join(shown) + b"\nET"


def _font(glyphs: Mapping[str, int]) -> list[bytes]:
    """Objects 3 to 6: a font that is not embedded, and the table that says which letter each glyph is."""
    pairs = [f"<{number:04x}> <{sign.encode('utf-16-be').hex()}>" for sign, number in glyphs.items()]
    blocks = (pairs[start : start + 100] for start in range(0, len(pairs), 100))
    rows = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
    table = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Letters def /CMapType 2 def\n"
        f"1 begincodespacerange <0000> <ffff> endcodespacerange\n{rows}\nendcmap end end"
    ).encode()
    return [
        b"<</Type/Font/Subtype/Type0/BaseFont/Letters/Encoding/Identity-H/DescendantFonts[4 0 R]/ToUnicode 6 0 R>>",
        b"<</Type/Font/Subtype/CIDFontType2/BaseFont/Letters/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)"
        b"/Supplement 0>>/DW 500/FontDescriptor 5 0 R>>",
        b"<</Type/FontDescriptor/FontName/Letters/Flags 4/FontBBox[0 -200 1000 800]/ItalicAngle 0/Ascent 800"
        b"/Descent -200/CapHeight 700/StemV 80>>",
        _stream(b"<</Length %d>>" % len(table), table),
    ]


def _stream(dictionary: bytes, content: bytes) -> bytes:
    return dictionary + b"\nstream\n" + content + b"\nendstream"


def _assembled_pdf(body: Sequence[bytes], pages: Sequence[bytes], catalog: bytes = b"") -> bytes:
    """Objects 1 (catalog) and 2 (page tree), then the body from 3 on, then the pages."""
    first = len(body) + 3
    kids = b" ".join(b"%d 0 R" % number for number in range(first, first + len(pages)))
    tree = b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(pages), kids)
    out, offsets = io.BytesIO(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), []
    out.seek(0, io.SEEK_END)
    for number, content in enumerate((b"<</Type/Catalog/Pages 2 0 R%s>>" % catalog, tree, *body, *pages), 1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1))
    out.writelines(b"%010d 00000 n \n" % offset for offset in offsets)
    out.write(b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(offsets) + 1, start))
    return out.getvalue()


def _written(writer: PdfWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _saved(document: "Document") -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()
