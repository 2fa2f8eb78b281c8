"""What a file is, told by its content; its name only decides between kinds of plain text."""

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePath

import olefile

from conversational_rag.errors import EmptyFile, EncryptedFile, UnreadableFile, UnsupportedFile
from conversational_rag.ingestion.error_tables import ErrorTable, means, translated
from conversational_rag.ingestion.formats.archives import ARCHIVE_ERRORS
from conversational_rag.ingestion.loaders.base import Kind
from conversational_rag.ingestion.text.decoding import is_text

_READ_KINDS = "PDF, DOCX, DOC, ODT, RTF, TXT, MD, HTML, EPUB, XLSX, CSV, PPTX, JSON and EML are read here"
_HEAD_BYTES = 64 * 1024
_PDF_MAGIC, _PDF_REACH = b"%PDF-", 1024
_WHITE_SPACE = b" \t\r\n\x0b\x0c\0\xef\xbb\xbf\xff\xfe"

# Between kinds of plain text the ending decides; "" is a name without one.
_TEXT_ENDINGS = {
    **dict.fromkeys((".txt", ".text", ".log", ""), Kind.TXT),
    **dict.fromkeys((".md", ".markdown"), Kind.MD),
    **dict.fromkeys((".html", ".htm", ".xhtml"), Kind.HTML),
    **dict.fromkeys((".csv", ".tsv"), Kind.CSV),
    **dict.fromkeys((".json", ".jsonl", ".ndjson"), Kind.JSON),
    ".eml": Kind.EML,
}
_DOCUMENT_ENDINGS = frozenset({".pdf", ".docx", ".doc", ".odt", ".rtf", ".epub", ".xlsx", ".pptx"})
_RTF_MAGIC = b"{\\rtf"
# Before the first element of a page there may be an XML declaration and comments.
_HTML_PAGE = re.compile(rb"(?is)(?>\s|<\?.*?>|<!--.*?-->)*+<(?:!doctype\s+)?html[\s>]")

# What an Office package is, by its main part.
_PACKED_KINDS = (
    (re.compile(r"word/document\d*\.xml"), Kind.DOCX),
    (re.compile(r"xl/workbook\d*\.xml"), Kind.XLSX),
    (re.compile(r"ppt/presentation\d*\.xml"), Kind.PPTX),
)
_EPUB_CONTAINER = "META-INF/container.xml"
_PACKED_MEDIA_TYPES = (
    (b"application/epub+zip", Kind.EPUB),
    (b"application/vnd.oasis.opendocument.text", Kind.ODT),
)
# What else a ZIP archive may be: by the media type that it states, or by the beginning of a member's name.
_OTHER_MEDIA_TYPES = (
    (b"application/vnd.oasis.opendocument.spreadsheet", "an OpenDocument spreadsheet (ODS)"),
    (b"application/vnd.oasis.opendocument.presentation", "an OpenDocument presentation (ODP)"),
    (b"application/vnd.oasis.opendocument", "an OpenDocument file of another kind"),
)
_OTHER_PACKED_KINDS = (
    ("xl/workbook.bin", "an Excel workbook (XLSB)"),
    ("visio/", "a Visio drawing (VSDX)"),
    ("Index/Document.iwa", "an iWork document (Pages, Numbers or Keynote)"),
    ("META-INF/MANIFEST.MF", "a Java archive"),
    ("AndroidManifest.xml", "an Android package"),
)
_OLE_KINDS = (
    ("Workbook", "an Excel workbook (XLS)"),
    ("Book", "an Excel workbook (XLS)"),
    ("PowerPoint Document", "a PowerPoint presentation (PPT)"),
    ("__properties_version1.0", "an Outlook message (MSG)"),
    ("VisioDocument", "a Visio drawing (VSD)"),
    ("Quill", "a Publisher document (PUB)"),
)
_MARKUPS = ((b"%!PS", "PostScript"),)
_BINARIES = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"II*\0", "a TIFF image"),
    (b"MM\0*", "a TIFF image"),
    (b"BM", "a BMP image"),
    (b"RIFF", "an image, a sound or a film (RIFF)"),
    (b"AT&TFORM", "a DjVu scan"),
    (b"\x7fELF", "a program (ELF)"),
    (b"MZ", "a Windows program (EXE)"),
    (b"\xca\xfe\xba\xbe", "a program (Java or Mach-O)"),
    (b"\xcf\xfa\xed\xfe", "a program (Mach-O)"),
    (b"\x1f\x8b", "a GZIP archive"),
    (b"BZh", "a BZIP2 archive"),
    (b"\xfd7zXZ", "an XZ archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"SQLite format 3", "an SQLite database"),
    (b"ID3", "a sound file (MP3)"),
    (b"OggS", "a sound file (Ogg)"),
    (b"fLaC", "a sound file (FLAC)"),
)
_PICTURES = frozenset(kind for _magic, kind in _BINARIES if kind.endswith(("image", "scan")))
_FURTHER_IN = ((4, b"ftyp", "a film or an image (MP4, HEIC)"), (257, b"ustar", "a TAR archive"))


def sniff(path: Path, filename: str) -> Kind:
    """The kind of the file at `path`, which its owner calls `filename`.

    Raises UnsupportedFile (naming what it is), EmptyFile, EncryptedFile or UnreadableFile.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        if not head.strip(_WHITE_SPACE) and not file.read().strip(_WHITE_SPACE):
            raise EmptyFile
    ending = PurePath(filename).suffix.lower()
    if _is_pdf(head, ending):
        return Kind.PDF
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _kind_of_archive(path)
    if head.startswith(olefile.MAGIC):
        return _kind_of_compound_file(path)
    return _kind_of_text(head, ending)


def _is_pdf(head: bytes, ending: str) -> bool:
    """Readers accept the magic anywhere in the first kilobyte; a text that merely mentions it is no PDF."""
    if head.lstrip(_WHITE_SPACE).startswith(_PDF_MAGIC):
        return True
    return _PDF_MAGIC in head[:_PDF_REACH] and (ending == ".pdf" or not is_text(head))


def _kind_of_archive(path: Path) -> Kind:
    with translated(ARCHIVE_ERRORS), zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        media_type = b""
        if "mimetype" in names:
            with archive.open("mimetype") as member:
                media_type = member.read(100).strip()
    kind = _packed_kind(names, media_type)
    if kind is None:
        raise _unsupported(_other_packed_kind(names, media_type))
    return kind


def _packed_kind(names: Sequence[str], media_type: bytes) -> Kind | None:
    by_type = (kind for marker, kind in _PACKED_MEDIA_TYPES if media_type.startswith(marker))
    by_part = (kind for main_part, kind in _PACKED_KINDS if any(map(main_part.fullmatch, names)))
    found = next(by_type, None) or next(by_part, None)
    # Other formats have the same container, but say so.
    return Kind.EPUB if not (found or media_type) and _EPUB_CONTAINER in names else found


def _other_packed_kind(names: Sequence[str], media_type: bytes) -> str:
    by_type = (kind for marker, kind in _OTHER_MEDIA_TYPES if media_type.startswith(marker))
    by_name = (kind for marker, kind in _OTHER_PACKED_KINDS if any(name.startswith(marker) for name in names))
    return next(by_type, None) or next(by_name, "a ZIP archive")


def _kind_of_compound_file(path: Path) -> Kind:
    with translated(_COMPOUND_ERRORS), olefile.OleFileIO(path) as compound:
        if compound.exists("WordDocument"):
            return Kind.DOC
        if compound.exists("EncryptedPackage"):
            raise EncryptedFile
        kind = next((kind for stream, kind in _OLE_KINDS if compound.exists(stream)), "an OLE2 file of another program")
    raise _unsupported(kind)


def _kind_of_text(head: bytes, ending: str) -> Kind:
    if head.lstrip(_WHITE_SPACE).startswith(_RTF_MAGIC):
        return Kind.RTF
    markup = next((kind for magic, kind in _MARKUPS if head.startswith(magic)), None)
    if markup:
        raise _unsupported(markup)
    kind = _binary_kind(head) if b"\0" in head else None
    if kind or not is_text(head):
        raise _not_text(kind or _binary_kind(head), ending)
    return _kind_by_ending(ending, is_page=_is_html_page(head))


def _kind_by_ending(ending: str, *, is_page: bool) -> Kind:
    if ending in _DOCUMENT_ENDINGS:
        content, right_ending = ("a page of HTML", ".html") if is_page else ("plain text", ".txt")
        raise UnreadableFile(
            f"The file is called {ending} but holds {content}; "
            f"export it again, or upload it with the ending {right_ending}."
        )
    if is_page and (ending == "" or ending not in _TEXT_ENDINGS):
        return Kind.HTML
    if ending not in _TEXT_ENDINGS:
        raise _unsupported(f"of the kind {ending}" if ending[1:].isalnum() else "of an unknown kind")
    return _TEXT_ENDINGS[ending]


def _is_html_page(head: bytes) -> bool:
    """Whatever the encoding: what UTF-16 and UTF-32 add to ASCII are null bytes."""
    return _HTML_PAGE.match(head.replace(b"\0", b"").lstrip(_WHITE_SPACE)) is not None


def _not_text(kind: str | None, ending: str) -> UnreadableFile | UnsupportedFile:
    if kind is None and ending in _DOCUMENT_ENDINGS:
        return UnreadableFile()
    return _unsupported(kind or "binary data, not text")


def _binary_kind(head: bytes) -> str | None:
    by_magic = (kind for magic, kind in _BINARIES if head.startswith(magic))
    further_in = (kind for offset, magic, kind in _FURTHER_IN if head[offset:].startswith(magic))
    return next(by_magic, None) or next(further_in, None)


def _unsupported(kind: str) -> UnsupportedFile:
    advice = "save it as one of them and upload that"
    if kind in _PICTURES:
        advice = "run text recognition (OCR) on it, and upload what that makes of it"
    return UnsupportedFile(f"The file is {kind}; {_READ_KINDS}: {advice}.")


_COMPOUND_ERRORS: ErrorTable = {error: means(UnreadableFile) for error in (OSError, IndexError, ValueError)}
