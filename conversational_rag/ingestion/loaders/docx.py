"""DOCX: python-docx opens the package, after its unpacked size was checked; the text comes out in reading order."""

import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docx.exceptions import InvalidSpanError, InvalidXmlError, PythonDocxError
from docx.opc.exceptions import OpcError, PackageNotFoundError
from docx.opc.package import OpcPackage
from docx.opc.part import Part, XmlPart
from docx.oxml.parser import parse_xml

from conversational_rag.errors import UnreadableFile
from conversational_rag.ingestion.error_tables import ErrorTable, means, translated
from conversational_rag.ingestion.formats.archives import ARCHIVE_ERRORS, check_unpacked_size
from conversational_rag.ingestion.formats.wordprocessing import Element, Notes, local_name, read_blocks, read_notes
from conversational_rag.ingestion.limits import Limits
from conversational_rag.ingestion.loaders.base import Kind, LoadedDocument, Page
from conversational_rag.ingestion.text.characters import clean, spell_out

ERRORS: ErrorTable = {
    **ARCHIVE_ERRORS,
    **{
        error: means(UnreadableFile)
        for error in (OpcError, PackageNotFoundError, PythonDocxError, InvalidSpanError, InvalidXmlError)
    },
    # lxml's XMLSyntaxError is a SyntaxError
    **{error: means(UnreadableFile) for error in (SyntaxError, zlib.error, KeyError, ValueError, AttributeError)},
}
_NUMBERED_PART = re.compile(r"word/(document|header|footer|footnotes|endnotes)\d*\.xml")


def load(path: Path, limits: Limits) -> LoadedDocument:
    """Headers, body with tables and notes, footers, as one page without a number.

    Raises ParsingLimit for what would unpack to too much, UnreadableFile for what is not a Word document.
    """
    with translated(ERRORS):
        check_unpacked_size(path, limits)
        parts = _parts(path)
        text = "\n\n".join(_all_blocks(parts))
    return LoadedDocument(Kind.DOCX, (Page(None, spell_out(clean(text))),))


@dataclass(frozen=True, slots=True)
class _Parts:
    """The parts of a package that hold text, as parsed XML, each kind in the order of the package."""

    document: Element
    header: list[Element]
    footer: list[Element]
    footnotes: list[Element]
    endnotes: list[Element]


def _parts(path: Path) -> _Parts:
    try:
        return _related_parts(OpcPackage.open(str(path)))
    except (KeyError, ValueError):
        # One relationship that leads nowhere makes a package unreadable to python-docx; Word shrugs at it.
        return _named_parts(path)


def _related_parts(package: OpcPackage) -> _Parts:
    (document, *_) = _targets(package, "officeDocument")
    related = {name: [_parsed(part) for part in _targets(document, name)] for name in _Parts.__slots__[1:]}
    return _Parts(_parsed(document), **related)


def _targets(source: Any, relationship: str) -> list[Part]:
    relationships = source.rels.values()
    return [r.target_part for r in relationships if not r.is_external and r.reltype.endswith(f"/{relationship}")]


def _parsed(part: Part) -> Element:
    return part.element if isinstance(part, XmlPart) else parse_xml(part.blob)


def _named_parts(path: Path) -> _Parts:
    found: dict[str, list[Element]] = {name: [] for name in _Parts.__slots__}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if match := _NUMBERED_PART.fullmatch(name):
                found[match.group(1)].append(parse_xml(archive.read(name)))
    (document, *_) = found.pop("document")
    return _Parts(document, **found)


def _all_blocks(parts: _Parts) -> list[str]:
    notes: Notes = {}
    for part in (*parts.footnotes, *parts.endnotes):
        notes = {**notes, **read_notes(part)}
    bodies = [element for element in parts.document if local_name(element) == "body"]
    body = [block for element in bodies for block in read_blocks(element, notes)]
    return [*_each_once(parts.header, notes), *body, *_each_once(parts.footer, notes)]


def _each_once(running: list[Element], notes: Notes) -> list[str]:
    """The headers or footers of all sections and pages: most are copies of one another."""
    texts = ("\n".join(" ".join(block.split()) for block in read_blocks(element, notes)) for element in running)
    return [text for text in dict.fromkeys(texts) if any(character.isalpha() for character in text)]
