"""The kind of a file comes from its content; the name decides only among kinds of text."""

import contextlib
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from files.makers import make_docx, make_pdf, make_zip
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversational_rag.errors import BadInput, EmptyFile, EncryptedFile, UnreadableFile, UnsupportedFile
from conversational_rag.ingestion.loaders.base import Kind
from conversational_rag.ingestion.sniffing import sniff

Place = Callable[[bytes, str], Path]
PDF = make_pdf(["A page."])
DOCX = make_docx(["A paragraph."])


@pytest.mark.parametrize(
    ("data", "filename", "kind"),
    [
        (PDF, "a.pdf", Kind.PDF),
        (PDF, "a.txt", Kind.PDF),
        (PDF, "a", Kind.PDF),
        (b"\n\n\r\n" + PDF, "a.pdf", Kind.PDF),
        (b"\xef\xbb\xbf" + PDF, "a.md", Kind.PDF),
        (b"\0" * 500 + PDF, "scan.bin", Kind.PDF),
        (b"HTTP/1.1 200 OK\r\n\r\n" + PDF, "download.pdf", Kind.PDF),
        (DOCX, "a.docx", Kind.DOCX),
        (DOCX, "a.pdf", Kind.DOCX),
        (make_zip({"[Content_Types].xml": "<x/>", "word/document2.xml": "<x/>"}), "a.docx", Kind.DOCX),
        (b"Plain words.", "a.txt", Kind.TXT),
        (b"Plain words.", "A.TXT", Kind.TXT),
        (b"Plain words.", "README", Kind.TXT),
        (b"Plain words.", "server.log", Kind.TXT),
        (b"# Heading", "a.md", Kind.MD),
        (b"# Heading", "a.Markdown", Kind.MD),
        (b"The magic of a PDF is %PDF-1.7 at its beginning.", "notes.md", Kind.MD),
        ("Grüße".encode("utf-16"), "a.txt", Kind.TXT),
        ("Grüße".encode("latin-1"), "a.txt", Kind.TXT),
        (b"MZ is how programs begin.", "a.txt", Kind.TXT),
        (b"a\x1b[31mred\x1b[0m\x0cnext page", "a.txt", Kind.TXT),
    ],
)
def test_a_file_is_what_it_holds(place: Place, data: bytes, filename: str, kind: Kind) -> None:
    assert sniff(place(data, "upload"), filename) is kind


@pytest.mark.parametrize("filename", ["a.xlsx", "a.docx", "a.txt", "a.csv", "a", "a.bin"])
@pytest.mark.parametrize(
    ("members", "kind"),
    [
        ({"[Content_Types].xml": "", "xl/workbook.xml": "", "xl/worksheets/sheet1.xml": ""}, Kind.XLSX),
        ({"[Content_Types].xml": "", "ppt/presentation.xml": "", "ppt/embeddings/Book.xlsx": ""}, Kind.PPTX),
        ({"[Content_Types].xml": "", "word/document.xml": "", "word/embeddings/Book.xlsx": ""}, Kind.DOCX),
        ({"mimetype": "application/epub+zip", "META-INF/container.xml": ""}, Kind.EPUB),
        ({"META-INF/container.xml": "", "mimetype": "application/epub+zip\r\n"}, Kind.EPUB),
        ({"META-INF/container.xml": "", "OEBPS/content.opf": ""}, Kind.EPUB),
        ({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": ""}, Kind.ODT),
        ({"content.xml": "", "mimetype": "application/vnd.oasis.opendocument.text-template"}, Kind.ODT),
    ],
)
def test_a_package_is_told_by_its_parts_whatever_its_name(
    place: Place, members: dict[str, str], kind: Kind, filename: str
) -> None:
    assert sniff(place(make_zip(members), "upload"), filename) is kind


@pytest.mark.parametrize("filename", ["a.rtf", "a.doc", "a.txt", "a.md", "a.html", "a", "a.bin"])
@pytest.mark.parametrize("data", [b"{\\rtf1\\ansi Hello}", b"\xef\xbb\xbf{\\rtf1 Hello}", b"{\\rtf1 Hello}\0\0\0"])
def test_rich_text_is_told_by_its_beginning_whatever_its_name(place: Place, data: bytes, filename: str) -> None:
    assert sniff(place(data, "upload"), filename) is Kind.RTF


MIXED_TEXT = b'<html>{"a": 1}\nFrom: ann@example.com\n\na,b\n1,2\n'


@pytest.mark.parametrize(
    ("endings", "kind"),
    [
        ((".txt", ".text", ".log"), Kind.TXT),
        ((".md", ".markdown"), Kind.MD),
        ((".html", ".htm", ".xhtml", ".HTM"), Kind.HTML),
        ((".csv", ".tsv", ".CSV"), Kind.CSV),
        ((".json", ".jsonl", ".ndjson"), Kind.JSON),
        ((".eml", ".EML"), Kind.EML),
    ],
)
@pytest.mark.parametrize("encoding", ["ascii", "utf-16", "utf-8-sig"])
def test_between_kinds_of_text_the_ending_decides(
    place: Place, endings: tuple[str, ...], kind: Kind, encoding: str
) -> None:
    path = place(MIXED_TEXT.decode().encode(encoding), "upload")
    assert {sniff(path, f"a{ending}") for ending in endings} == {kind}


PAGES = (
    b"<!DOCTYPE html><title>Hours</title>",
    b"<!doctype HTML PUBLIC '-//W3C//DTD HTML 4.01//EN'>\n<p>Hello",
    b"\n\n<HTML lang='en'><p>Hello</p></HTML>",
    b"<?xml version='1.0'?>\n<!-- saved -->\n<html xmlns='http://www.w3.org/1999/xhtml'/>",
    "\ufeff<html><p>Grüße</p></html>".encode(),
    "<html><p>Grüße</p></html>".encode("utf-16"),
)


@pytest.mark.parametrize("data", PAGES)
@pytest.mark.parametrize("filename", ["download", "index.php", "report.xls", "page.asp x", "a.b.c"])
def test_a_page_that_says_so_is_html_under_an_unknown_name(place: Place, data: bytes, filename: str) -> None:
    assert sniff(place(data, "upload"), filename) is Kind.HTML


def test_a_text_without_an_ending_that_mentions_a_tag_is_a_text(place: Place) -> None:
    assert sniff(place(b"A page begins with <html>.", "upload"), "README") is Kind.TXT


@pytest.mark.parametrize("ending", [".pdf", ".docx", ".doc", ".odt", ".rtf", ".epub", ".xlsx", ".pptx"])
@pytest.mark.parametrize(("data", "advised"), [(b"Plain words.", ".txt"), (PAGES[0], ".html")])
def test_text_under_the_name_of_a_document_is_unreadable_and_the_right_ending_is_advised(
    place: Place, data: bytes, advised: str, ending: str
) -> None:
    with pytest.raises(UnreadableFile, match=rf"called \{ending} .* ending \{advised}\.$"):
        sniff(place(data, "upload"), f"a{ending}")


def test_a_doc_is_told_by_its_stream(place: Place, harbour_doc: bytes) -> None:
    assert sniff(place(harbour_doc, "upload"), "a.txt") is Kind.DOC


@pytest.mark.parametrize(
    ("data", "filename", "named"),
    [
        (make_zip({"notes.txt": "hello"}), "a.docx", "ZIP archive"),
        (make_zip({"[Content_Types].xml": "", "xl/workbook.bin": ""}), "a.xlsx", "XLSB"),
        (make_zip({"[Content_Types].xml": "", "xl/workbook.xml.bak": ""}), "a.xlsx", "ZIP archive"),
        (make_zip({"mimetype": "application/vnd.oasis.opendocument.spreadsheet"}), "a.odt", "OpenDocument spreadsheet"),
        (make_zip({"mimetype": "application/vnd.oasis.opendocument.graphics"}), "a.odg", "OpenDocument file"),
        (make_zip({"mimetype": "application/x-other", "META-INF/container.xml": ""}), "a.epub", "ZIP archive"),
        (make_zip({"META-INF/MANIFEST.MF": "", "word/embeddings/xl/workbook.xml": ""}), "a.docx", "Java"),
        (b"%!PS-Adobe-3.0\n", "a.txt", "PostScript"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a.pdf", "PNG"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(40), "a.txt", "JPEG"),
        (b"MZ\x90\0\x03\0\0\0", "setup.txt", "Windows program"),
        (b"\x7fELF\x02\x01\x01\0", "a", "ELF"),
        (b"\x1f\x8b\x08\0\0\0\0\0", "a.txt.gz", "GZIP"),
        (b"\0\0\0\x20ftypheic" + bytes(40), "a.heic", "HEIC"),
        (b"a.txt" + bytes(252) + b"ustar\x0000" + bytes(200), "a.tar", "TAR"),
        (bytes(range(256)) * 4, "a.txt", "binary data"),
        (b"import os", "a.py", ".py"),
        (b"<?xml version='1.0'?><svg/>", "a.svg", ".svg"),
        (b"<htmlish>no page</htmlish>", "a.xml", ".xml"),
        (b"<!-- " * 10_000, "a.xml", ".xml"),
        (b"<?a?><!-- --> \n" * 4_000, "a.xml", ".xml"),
        (b"text", "a.t t", "unknown kind"),
    ],
)
def test_a_kind_that_is_not_read_is_named(place: Place, data: bytes, filename: str, named: str) -> None:
    with pytest.raises(UnsupportedFile, match="PPTX, JSON and EML are read") as refused:
        sniff(place(data, "upload"), filename)
    assert named in str(refused.value)


@pytest.mark.parametrize(
    ("stream", "named"),
    [("Workbook", "Excel"), ("PowerPoint Document", "PowerPoint"), ("VisioDocument", "Visio"), ("Other", "OLE2")],
)
def test_other_office_files_of_the_old_kind_are_named(
    place: Place, harbour_doc: bytes, stream: str, named: str
) -> None:
    with pytest.raises(UnsupportedFile, match=named):
        sniff(place(_renamed_stream(harbour_doc, stream), "upload"), "a.doc")


def test_a_password_on_an_office_file_is_recognised(place: Place, harbour_doc: bytes) -> None:
    with pytest.raises(EncryptedFile):
        sniff(place(_renamed_stream(harbour_doc, "EncryptedPackage"), "upload"), "a.docx")


@pytest.mark.parametrize("data", [b"", b" \t\r\n\x0c " * 50, b"\xef\xbb\xbf\n", " \n".encode("utf-16"), b" " * 100_000])
@pytest.mark.parametrize("filename", ["a.txt", "a.pdf"])
def test_nothing_but_white_space_is_an_empty_file(place: Place, data: bytes, filename: str) -> None:
    with pytest.raises(EmptyFile):
        sniff(place(data, "upload"), filename)


def test_a_text_that_begins_with_much_white_space_is_a_text(place: Place) -> None:
    assert sniff(place(b" " * 100_000 + b"word", "upload"), "a.txt") is Kind.TXT


@pytest.mark.parametrize(
    ("data", "filename"),
    [
        (DOCX[:300], "a.docx"),
        (DOCX[:-30], "a.docx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "a.doc"),
        (bytes(range(256)) * 4, "a.pdf"),
        (b"Plain words.", "a.pdf"),
        (b"<html>Saved as a Word document</html>", "a.doc"),
    ],
)
def test_what_is_not_the_document_that_it_claims_to_be_is_unreadable(place: Place, data: bytes, filename: str) -> None:
    with pytest.raises(UnreadableFile):
        sniff(place(data, "upload"), filename)


@given(
    data=st.binary(max_size=400),
    magic=st.sampled_from([b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"%PDF-"]),
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_bytes_have_a_kind_or_a_verdict(place: Place, data: bytes, magic: bytes) -> None:
    with contextlib.suppress(BadInput):
        assert sniff(place(magic + data, "upload"), "a.txt") in Kind


def test_a_cut_archive_is_not_taken_for_a_text(place: Place) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as members:
        members.writestr("word/document.xml", "<x/>")
    with pytest.raises(UnreadableFile):
        sniff(place(archive.getvalue()[:-40], "upload"), "a.txt")


def _renamed_stream(compound_file: bytes, name: str) -> bytes:
    """The compound file with its WordDocument stream called otherwise; the entry's length of name follows."""
    old, new = "WordDocument".encode("utf-16-le"), name.encode("utf-16-le")
    entry = compound_file.index(old + b"\0\0")
    renamed = new.ljust(64, b"\0") + (len(new) + 2).to_bytes(2, "little")
    return compound_file[:entry] + renamed + compound_file[entry + 66 :]


@pytest.mark.parametrize("magic", [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"II*\0", b"AT&TFORM"])
def test_a_picture_is_sent_to_text_recognition(place: Place, magic: bytes) -> None:
    with pytest.raises(UnsupportedFile, match="OCR"):
        sniff(place(magic + bytes(200), "page"), "page.pdf")
