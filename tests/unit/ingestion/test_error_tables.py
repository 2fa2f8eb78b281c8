"""Every error that a library documents has its row in the table of the loader that uses the library."""

import inspect
from collections.abc import Iterator
from types import ModuleType

import docx.exceptions
import docx.opc.exceptions
import legacy_doc.exceptions
import olefile.olefile
import pypdf.errors
import pypdfium2
import pytest

from conversational_rag.errors import BadInput, EncryptedFile, UnreadableFile
from conversational_rag.ingestion import sniffing
from conversational_rag.ingestion.error_tables import ErrorTable, means, translated
from conversational_rag.ingestion.formats import word97
from conversational_rag.ingestion.loaders import base, doc, pdf, registry
from conversational_rag.ingestion.loaders import docx as docx_loader
from conversational_rag.ingestion.loaders.base import Kind


def errors_of(module: ModuleType) -> Iterator[type[Exception]]:
    for value in vars(module).values():
        if inspect.isclass(value) and issubclass(value, Exception) and value.__module__ == module.__name__:
            yield value


@pytest.mark.parametrize(
    ("table", "module"),
    [
        (pdf.ERRORS, pypdf.errors),
        (docx_loader.ERRORS, docx.opc.exceptions),
        (docx_loader.ERRORS, docx.exceptions),
        (doc.ERRORS, legacy_doc.exceptions),
        (doc.ERRORS, word97),
    ],
)
def test_every_error_of_a_library_has_its_own_row(table: ErrorTable, module: ModuleType) -> None:
    errors = list(errors_of(module))
    assert errors
    assert [error for error in errors if error not in table] == []


def test_pdfium_has_one_error_and_it_has_a_row() -> None:
    errors = [error for error in vars(pypdfium2).values() if inspect.isclass(error) and issubclass(error, Exception)]
    assert [error for error in errors if not issubclass(error, Warning)] == [pypdfium2.PdfiumError]
    assert pypdfium2.PdfiumError in pdf.ERRORS


@pytest.mark.parametrize("error", [error for error in errors_of(olefile.olefile) if not issubclass(error, Warning)])
def test_the_errors_of_olefile_are_covered(error: type[Exception]) -> None:
    assert issubclass(error, OSError)
    assert OSError in doc.ERRORS
    assert OSError in sniffing._COMPOUND_ERRORS


@pytest.mark.parametrize("table", [pdf.ERRORS, docx_loader.ERRORS, doc.ERRORS], ids=["pdf", "docx", "doc"])
def test_every_row_leads_to_bad_input_without_the_cause_in_its_words(table: ErrorTable) -> None:
    for meaning in table.values():
        verdict = meaning(Exception("/srv/uploads/secret.pdf"))
        assert isinstance(verdict, BadInput)
        assert "secret" not in verdict.detail


def test_pdfium_tells_a_password_from_damage() -> None:
    meaning = pdf.ERRORS[pypdfium2.PdfiumError]
    assert isinstance(meaning(pypdfium2.PdfiumError("", err_code=4)), EncryptedFile)
    assert isinstance(meaning(pypdfium2.PdfiumError("", err_code=3)), UnreadableFile)


def test_the_nearest_parent_decides_and_the_cause_is_chained() -> None:
    table: ErrorTable = {LookupError: means(UnreadableFile), KeyError: means(EncryptedFile)}
    with pytest.raises(EncryptedFile) as nearest, translated(table):
        raise KeyError("x")
    assert isinstance(nearest.value.__cause__, KeyError)
    with pytest.raises(UnreadableFile), translated(table):
        raise IndexError("x")
    with pytest.raises(ZeroDivisionError), translated(table):
        raise ZeroDivisionError


def test_every_kind_has_a_loader() -> None:
    assert set(registry.LOADERS) == set(Kind)
    assert all(callable(registry.loader_of(kind)) for kind in Kind)


def test_the_kinds_that_are_read_are_named_in_a_refusal() -> None:
    refusal = sniffing._unsupported("something else").detail
    assert all(kind.upper() in refusal for kind in base.Kind)
