"""Zipped files and XML that are built to hurt whoever opens them."""

import io
import struct
import zipfile

from files.book_makers import make_odt
from files.makers import make_docx, make_docx_of_xml, make_zip, replace_members
from files.office_makers import billion_laughs, make_xlsx_of_xml

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MEGABYTE = 2**20


def nested_zip(depth: int = 5, width: int = 8) -> bytes:
    """An archive of archives of archives, the innermost of zeros."""
    inner = make_zip({"zeros": b"\0" * 4 * _MEGABYTE})
    for _ in range(depth):
        inner = make_zip({f"{number}.zip": inner for number in range(width)})
    return inner


def docx_with_bomb_inside() -> bytes:
    """A sound document in which a nested archive is embedded; nobody has to open that."""
    return replace_members(make_docx(["The crane stands still."]), {"word/embeddings/data.zip": nested_zip()})


def docx_of_zeros(megabytes: int) -> bytes:
    """A document with a picture of zeros, which pack a thousandfold."""
    return replace_members(make_docx(["A picture."]), {"word/media/image1.bmp": b"\0" * megabytes * _MEGABYTE})


def docx_of_many_members(count: int) -> bytes:
    """A document beside thousands of empty files."""
    return replace_members(make_docx(["Many."]), {f"customXml/item{number}.xml": "" for number in range(count)})


def overlapping_docx(copies: int) -> bytes:
    """A document whose directory leads to the same packed bytes many times."""
    data = make_zip({"word/document.xml": b"<x>" + b" " * _MEGABYTE + b"</x>"})
    end = data.rindex(b"PK\x05\x06")
    start = struct.unpack("<L", data[end + 16 : end + 20])[0]
    entry, directory = data[start:end], b""
    for number in range(copies):
        directory += entry.replace(b"document.xml", b"docum%03d.xml" % number) if number else entry
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, copies, copies, len(directory), start, 0)
    return data[:start] + directory + tail


def lying_docx() -> bytes:
    """A document whose directory states a small size for a large part."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", f'<w:document xmlns:w="{_W}">' + " " * 40 * _MEGABYTE + "</w:document>")
    size = struct.pack("<L", 40 * _MEGABYTE + len(f'<w:document xmlns:w="{_W}"></w:document>'))
    return out.getvalue().replace(size, struct.pack("<L", 1000))


def laughing_docx() -> bytes:
    """The billion laughs in a Word document."""
    return _docx_of(f"{billion_laughs('w:document')}{_document('<w:p><w:r><w:t>&lol9;</w:t></w:r></w:p>')}")


def laughing_odt() -> bytes:
    """The same in an OpenDocument text."""
    return make_odt("<text:p>&lol9;</text:p>", doctype=billion_laughs("office:document-content"))


def laughing_xlsx() -> bytes:
    """The same in a cell of a workbook."""
    cell = '<sheetData><row><c t="inlineStr"><is><t>&lol9;</t></is></c></row></sheetData>'
    return make_xlsx_of_xml({"S": cell}, doctype=billion_laughs("worksheet"))


def quadratic_docx() -> bytes:
    """One long entity, referred to ten thousand times."""
    declared = f'<!DOCTYPE w:document [<!ENTITY a "{"a" * 100_000}">]>'
    return _docx_of(declared + _document(f"<w:p><w:r><w:t>{'&a;' * 10_000}</w:t></w:r></w:p>"))


def deep_docx(depth: int = 100_000) -> bytes:
    """Elements within elements."""
    return make_docx_of_xml("<w:sdt>" * depth + "</w:sdt>" * depth)


def docx_of_one_attribute(megabytes: int = 12) -> bytes:
    """An attribute that is as long as a book."""
    return make_docx_of_xml(f'<w:p w:rsidR="{"a" * megabytes * _MEGABYTE}"><w:r><w:t>Short.</w:t></w:r></w:p>')


def prying_docx(path: str) -> bytes:
    """A document that wants to show a file of the server."""
    declared = f'<!DOCTYPE w:document [<!ENTITY x SYSTEM "file://{path}">]>'
    return _docx_of(declared + _document("<w:p><w:r><w:t>The file says: &x;</w:t></w:r></w:p>"))


def docx_without_document() -> bytes:
    """A package that says it holds a Word document, and does not."""
    return replace_members(make_docx([]), {"word/document.xml": None})


def docx_with_macros(text: str) -> bytes:
    """A document with a macro project, as DOCM files have one."""
    types = (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/>'
        '<Override PartName="/word/document.xml" '
        'ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/></Types>'
    )
    project = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"Sub AutoOpen() Shell" * 100
    members = {"[Content_Types].xml": types, "word/vbaProject.bin": project}
    return replace_members(make_docx_of_xml(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"), members)


def docx_that_calls(url: str, text: str) -> bytes:
    """A document whose template, picture and footer lie at `url`."""
    kinds = ("attachedTemplate", "image", "footer", "header")
    entries = "".join(
        f'<Relationship Id="x{number}" Type="{_TYPES}/{kind}" Target="{url}{kind}" TargetMode="External"/>'
        for number, kind in enumerate(kinds)
    )
    relationships = f'<Relationships xmlns="{_RELATIONSHIPS}">{entries}</Relationships>'
    return replace_members(
        make_docx_of_xml(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"),
        {"word/_rels/document.xml.rels": relationships, "word/_rels/settings.xml.rels": relationships},
    )


def _document(body: str) -> str:
    return f'<w:document xmlns:w="{_W}"><w:body>{body}</w:body></w:document>'


def _docx_of(document: str) -> bytes:
    return replace_members(make_docx([]), {"word/document.xml": f'<?xml version="1.0"?>{document}'})
