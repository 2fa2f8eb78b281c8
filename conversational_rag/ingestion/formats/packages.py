"""Packages of XML parts (Office Open XML, OpenDocument, EPUB): opened within limits, parsed without trust."""

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from lxml import etree

from conversational_rag.errors import ParsingLimit, UnreadableFile
from conversational_rag.ingestion.error_tables import ErrorTable, means
from conversational_rag.ingestion.formats.archives import ARCHIVE_ERRORS, check_unpacked_size
from conversational_rag.ingestion.formats.wordprocessing import Element, attribute, local_name
from conversational_rag.ingestion.limits import OUT_OF_MEMORY, Limits

# KeyError is a part that is missing; NotImplementedError a compression that zipfile does not know.
PACKAGE_ERRORS: ErrorTable = {
    **ARCHIVE_ERRORS,
    **{error: means(UnreadableFile) for error in (etree.Error, zlib.error, KeyError, NotImplementedError)},
}


@dataclass(frozen=True, slots=True)
class Relationship:
    """What one part says of another: `kind` is the last word of the relationship's type, `target` a part's name."""

    id: str
    kind: str
    target: str


class Package:
    """The parts of an open archive; their names are told apart without regard to case, as the standards want it."""

    def __init__(self, archive: zipfile.ZipFile, limits: Limits) -> None:
        self._archive = archive
        self._members = {_key(member.filename): member for member in archive.infolist()}
        self._limits, self._bytes_read = limits, 0

    def __contains__(self, part: str) -> bool:
        return _key(part) in self._members

    def read(self, part: str) -> bytes:
        """The part's bytes; KeyError when it is missing.

        Raises ParsingLimit when all that was read exceeds `unpacked_bytes`: a part may be referred to many times.
        """
        member = self._members[_key(part)]
        self._bytes_read += member.file_size
        self._limits.check_unpacked(self._bytes_read)
        return self._archive.read(member)

    def parse(self, part: str) -> Element:
        """The part's root element; lxml's XMLSyntaxError, also for entities that would unfold to too much."""
        markup = self.read(part)
        with _memory_told():
            return etree.fromstring(markup, etree.XMLParser(**_TRUSTLESS))

    def relationships(self, part: str) -> list[Relationship]:
        """How the part ("" for the package) is related to others of the package; [] when it says nothing readable."""
        folder, name = posixpath.split(part)
        try:
            found = self.parse(posixpath.join(folder, "_rels", f"{name}.rels"))
        except (KeyError, etree.XMLSyntaxError):
            return []
        return [
            Relationship(
                attribute(child, "Id"),
                posixpath.basename(attribute(child, "Type")),
                resolved(part, attribute(child, "Target")),
            )
            for child in found
            if local_name(child) == "Relationship" and attribute(child, "TargetMode") != "External"
        ]

    def related(self, part: str, kind: str) -> list[str]:
        """The names of the parts that have this relationship to `part` and that exist."""
        return [other.target for other in self.relationships(part) if other.kind == kind and other.target in self]


def each(markup: bytes, *names: str) -> Iterator[Element]:
    """The elements of these local names as they end, each thrown away when the next is asked for."""
    tags = [f"{{*}}{name}" for name in names]
    with _memory_told():
        for _event, element in etree.iterparse(io.BytesIO(markup), tag=tags, **_TRUSTLESS):
            yield element
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]


@contextmanager
def open_package(path: Path, limits: Limits) -> Iterator[Package]:
    """The package at `path`, after its sizes were checked; raises what `check_unpacked_size` raises."""
    check_unpacked_size(path, limits)
    with zipfile.ZipFile(path) as archive:
        yield Package(archive, limits)


@contextmanager
def _memory_told() -> Iterator[None]:
    """libxml2 calls it an error of syntax when it runs out of memory: the file is too large for us, not damaged."""
    try:
        yield
    except etree.XMLSyntaxError as error:
        if error.code == etree.ErrorTypes.ERR_NO_MEMORY:
            raise ParsingLimit(OUT_OF_MEMORY) from error
        raise


def resolved(part: str, reference: str) -> str:
    """The name of the part that `part` refers to; one that would lead out of the package names no part of it."""
    target = unquote(reference.partition("#")[0])
    if target.startswith("/"):
        return posixpath.normpath(target).lstrip("/")
    return posixpath.normpath(posixpath.join(posixpath.dirname(part), target))


def _key(part: str) -> str:
    return part.replace("\\", "/").lower()


# No entity is resolved, nothing is fetched, and libxml2's bounds on depth, length and amplification hold.
_TRUSTLESS = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}
