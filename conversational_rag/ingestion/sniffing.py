"""What a file is, told by its content; its name only decides between kinds of plain text."""

import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePath

import olefile

from conversational_rag.errors import EmptyFile, EncryptedFile, UnreadableFile, UnsupportedFile
from conversational_rag.ingestion.archives import ARCHIVE_ERRORS
from conversational_rag.ingestion.decoding import is_text
from conversational_rag.ingestion.loaders.base import ErrorTable, Kind, means, translated

_READ_KINDS = "PDF, DOCX, DOC, TXT and MD are read here"
_HEAD_BYTES = 64 * 1024
_PDF_MAGIC, _PDF_REACH = b"%PDF-", 1024
_WHITE_SPACE = b" \t\r\n\x0b\x0c\0\xef\xbb\xbf\xff\xfe"

_MARKDOWN_ENDINGS = frozenset({".md", ".markdown"})
_TEXT_ENDINGS = frozenset({".txt", ".text", ".log", ""}) | _MARKDOWN_ENDINGS
_DOCUMENT_ENDINGS = frozenset({".pdf", ".docx", ".doc"})

# What a ZIP archive is, by a member's name, or its beginning.
_PACKED_KINDS = (
    ("xl/", "an Excel workbook (XLSX)"),
    ("ppt/", "a PowerPoint presentation (PPTX)"),
    ("visio/", "a Visio drawing (VSDX)"),
    ("META-INF/MANIFEST.MF", "a Java archive"),
    ("AndroidManifest.xml", "an Android package"),
)
_PACKED_MEDIA_TYPES = (
    (b"application/epub+zip", "an e-book (EPUB)"),
    (b"application/vnd.oasis.opendocument.text", "an OpenDocument text (ODT)"),
    (b"application/vnd.oasis.opendocument.spreadsheet", "an OpenDocument spreadsheet (ODS)"),
    (b"application/vnd.oasis.opendocument.presentation", "an OpenDocument presentation (ODP)"),
)
_OLE_KINDS = (
    ("Workbook", "an Excel workbook (XLS)"),
    ("Book", "an Excel workbook (XLS)"),
    ("PowerPoint Document", "a PowerPoint presentation (PPT)"),
    ("__properties_version1.0", "an Outlook message (MSG)"),
    ("VisioDocument", "a Visio drawing (VSD)"),
    ("Quill", "a Publisher document (PUB)"),
)
_MARKUPS = ((b"{\\rtf", "Rich Text Format (RTF)"), (b"%!PS", "PostScript"))
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
        if any(name.startswith("word/document") and name.endswith(".xml") for name in names):
            return Kind.DOCX
        media_type = b""
        if names and names[0] == "mimetype":
            with archive.open("mimetype") as member:
                media_type = member.read(100)
    raise _unsupported(_packed_kind(names, media_type))


def _packed_kind(names: Iterable[str], media_type: bytes) -> str:
    found = (kind for marker, kind in _PACKED_MEDIA_TYPES if media_type.startswith(marker))
    by_name = (kind for marker, kind in _PACKED_KINDS if any(name.startswith(marker) for name in names))
    return next(found, None) or next(by_name, "a ZIP archive")


def _kind_of_compound_file(path: Path) -> Kind:
    with translated(_COMPOUND_ERRORS), olefile.OleFileIO(path) as compound:
        if compound.exists("WordDocument"):
            return Kind.DOC
        if compound.exists("EncryptedPackage"):
            raise EncryptedFile
        kind = next((kind for stream, kind in _OLE_KINDS if compound.exists(stream)), "an OLE2 file of another program")
    raise _unsupported(kind)


def _kind_of_text(head: bytes, ending: str) -> Kind:
    markup = next((kind for magic, kind in _MARKUPS if head.startswith(magic)), None)
    if markup:
        raise _unsupported(markup)
    kind = _binary_kind(head) if b"\0" in head else None
    if kind or not is_text(head):
        raise _not_text(kind or _binary_kind(head), ending)
    if ending in _DOCUMENT_ENDINGS:
        raise UnreadableFile(
            f"The file is called {ending} but holds plain text; export it again, or upload it with the ending .txt."
        )
    if ending not in _TEXT_ENDINGS:
        raise _unsupported(f"of the kind {ending}" if ending[1:].isalnum() else "of an unknown kind")
    return Kind.MD if ending in _MARKDOWN_ENDINGS else Kind.TXT


def _not_text(kind: str | None, ending: str) -> UnreadableFile | UnsupportedFile:
    if kind is None and ending in _DOCUMENT_ENDINGS:
        return UnreadableFile()
    return _unsupported(kind or "binary data, not text")


def _binary_kind(head: bytes) -> str | None:
    by_magic = (kind for magic, kind in _BINARIES if head.startswith(magic))
    further_in = (kind for offset, magic, kind in _FURTHER_IN if head[offset:].startswith(magic))
    return next(by_magic, None) or next(further_in, None)


def _unsupported(kind: str) -> UnsupportedFile:
    return UnsupportedFile(f"The file is {kind}; {_READ_KINDS}: save it as one of them and upload that.")


_COMPOUND_ERRORS: ErrorTable = {error: means(UnreadableFile) for error in (OSError, IndexError, ValueError)}
