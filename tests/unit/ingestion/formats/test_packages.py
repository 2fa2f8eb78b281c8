"""Packages of XML: how their parts are found, and what their libraries' errors mean."""

import inspect
import os
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from files.makers import make_zip
from files.office_makers import relationships
from lxml import etree

from conversational_rag.errors import BadInput, ParsingLimit, UnreadableFile
from conversational_rag.ingestion.error_tables import ErrorTable, translated
from conversational_rag.ingestion.formats.packages import Relationship, each, open_package, resolved
from conversational_rag.ingestion.limits import Limits
from conversational_rag.ingestion.loaders import epub, odt, pptx, xlsx

ROOT = Path(__file__).parents[4]
Place = Callable[[bytes, str], Path]
TABLES = pytest.mark.parametrize(
    "table", [xlsx.ERRORS, pptx.ERRORS, epub.ERRORS, odt.ERRORS], ids=["xlsx", "pptx", "epub", "odt"]
)

# Opens a package with 200 MB of memory beside what the interpreter has taken for itself.
STARVED = """
import resource, sys
from pathlib import Path
from conversational_rag.errors import ParsingLimit
from conversational_rag.ingestion.limits import Limits
from conversational_rag.ingestion.formats.packages import open_package
pages = int(Path("/proc/self/statm").read_text().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 200 * 2**20,) * 2)
try:
    with open_package(Path(sys.argv[1]), Limits()) as package:
        package.parse("a.xml")
except (ParsingLimit, MemoryError) as error:
    print(type(error).__name__)
"""


def errors_of(library: object) -> list[type[Exception]]:
    public = (value for name, value in vars(library).items() if not name.startswith("_"))
    return [error for error in public if inspect.isclass(error) and issubclass(error, Exception)]


@TABLES
@pytest.mark.parametrize("library", [etree, zipfile, zlib], ids=["lxml", "zipfile", "zlib"])
def test_every_error_of_a_library_has_a_row_or_a_parent_with_one(table: ErrorTable, library: object) -> None:
    errors = errors_of(library)
    assert errors
    for error in errors:
        assert any(parent in table for parent in error.__mro__), error


@TABLES
def test_every_row_leads_to_bad_input_without_the_cause_in_its_words(table: ErrorTable) -> None:
    for meaning in table.values():
        verdict = meaning(Exception("/srv/uploads/secret.xlsx"))
        assert isinstance(verdict, BadInput)
        assert "secret" not in verdict.detail


@TABLES
def test_a_missing_part_means_a_damaged_file(place: Place, table: ErrorTable) -> None:
    path = place(make_zip({"a.xml": "<a/>"}), "package")
    with pytest.raises(UnreadableFile), translated(table), open_package(path, Limits()) as package:
        package.parse("b.xml")


@pytest.mark.parametrize(
    ("part", "reference", "target"),
    [
        ("xl/workbook.xml", "worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
        ("xl/workbook.xml", "/xl/styles.xml", "xl/styles.xml"),
        ("ppt/slides/slide1.xml", "../notesSlides/n1.xml", "ppt/notesSlides/n1.xml"),
        ("", "xl/workbook.xml", "xl/workbook.xml"),
        ("OEBPS/toc.ncx", "a%20b.xhtml#part", "OEBPS/a b.xhtml"),
        ("OEBPS/toc.ncx", "#part", "OEBPS"),
        ("OEBPS/toc.ncx", "../../../etc/passwd", "../../etc/passwd"),
        ("OEBPS/toc.ncx", "/../etc/passwd", "etc/passwd"),
    ],
)
def test_references_are_names_of_parts(part: str, reference: str, target: str) -> None:
    assert resolved(part, reference) == target


def test_relationships_within_the_package_are_told_and_those_to_elsewhere_are_not(place: Place) -> None:
    rels = relationships({"rId1": ("slide", "slides/a.xml"), "rId2": ("slide", "slides/b.xml")})
    outside = rels.replace('Target="slides/b.xml"', 'Target="https://example.com/b" TargetMode="External"')
    path = place(make_zip({"ppt/p.xml": "<p/>", "ppt/_rels/p.xml.rels": outside, "PPT/slides/A.xml": "<a/>"}), "a.pptx")
    with open_package(path, Limits()) as package:
        assert package.relationships("ppt/p.xml") == [Relationship("rId1", "slide", "ppt/slides/a.xml")]
        assert package.related("ppt/p.xml", "slide") == ["ppt/slides/a.xml"]
        assert package.related("ppt/p.xml", "theme") == []
        assert package.relationships("ppt/none.xml") == []
        assert package.parse("ppt/slides/a.xml").tag == "a"


def test_what_is_read_again_and_again_is_counted_again(place: Place) -> None:
    path = place(make_zip({"a.bin": "x" * 400}), "package")
    with open_package(path, Limits(unpacked_bytes=1000)) as package:
        assert package.read("a.bin") == package.read("A.BIN") == b"x" * 400
        with pytest.raises(ParsingLimit):
            package.read("a.bin")


def test_elements_come_one_by_one_and_are_thrown_away() -> None:
    seen = [(element, element.text) for element in each(b"<a><b>1</b><c/><b>2</b></a>", "b")]
    assert [text for _element, text in seen] == ["1", "2"]
    assert all(element.text is None for element, _text in seen)


@pytest.mark.parametrize("markup", [b"<a>" * 5000 + b"</a>" * 5000, b"<a>" + b"w" * 11_000_000 + b"</a>"])
def test_markup_that_is_deeper_or_longer_than_any_document_is_refused(markup: bytes) -> None:
    with pytest.raises(etree.XMLSyntaxError):
        list(each(markup, "b"))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds a process's memory and tells it in /proc")
def test_running_out_of_memory_is_a_limit_and_no_damage(place: Place) -> None:
    path = place(make_zip({"a.xml": b"<a>" + b"<b/>" * 3_000_000 + b"</a>", "pad": os.urandom(200_000)}), "package")
    command = [sys.executable, "-c", STARVED, path]
    process = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert process.stdout.split() in (["ParsingLimit"], ["MemoryError"])
