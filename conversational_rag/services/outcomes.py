"""Outcomes: what became of each file of an upload, as its owner is told."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from conversational_rag.db import documents
from conversational_rag.db.documents import DocumentRow
from conversational_rag.errors import NoText, NothingStored, ServiceError, error_by_code
from conversational_rag.ingestion.loaders.base import Kind
from conversational_rag.ingestion.verdict import named

QUEUED, PARSING, EMBEDDING = "queued", "parsing", "embedding"
READY, PARTIAL, UNCHANGED, FAILED, EMPTY = "ready", "partial", "unchanged", "failed", "empty"
# Where a file is that is on its way.
STAGES = frozenset({QUEUED, PARSING, EMBEDDING})
# Those whose text can be asked about.
SEARCHABLE = frozenset({READY, PARTIAL, UNCHANGED})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file; `error` and `code` say why it is not searchable, or in which part."""

    filename: str
    status: str
    document_id: str | None = None
    pages: int | None = None
    chunks: int = 0
    error: str | None = None
    code: str | None = None

    def dump(self) -> str:
        """As it is stored."""
        return json.dumps(asdict(self), ensure_ascii=False)


def load(stored: str) -> Outcome:
    """An outcome as it was stored."""
    return Outcome(**json.loads(stored))


def refused(filename: str, error: ServiceError, document_id: str | None = None) -> Outcome:
    """A file that could not be stored."""
    status = EMPTY if isinstance(error, NoText) else FAILED
    pages = error.extensions.get("pages")
    return Outcome(filename, status, document_id, pages=pages, error=error.detail, code=error.code)


def of(document: DocumentRow) -> Outcome:
    """A document as it stands."""
    if document.status == documents.READY:
        return stored(document)
    # Putting it into the vector index is the end of embedding.
    status = EMBEDDING if document.status == documents.INDEXING else document.status
    told = (document.error, document.error_code)
    return Outcome(document.filename, status, document.id, document.pages, document.chunks, *told)


def stored(document: DocumentRow) -> Outcome:
    """A document that can be searched, all of it or in part."""
    partly = document.pages_without_text > 0
    status, error = (PARTIAL, _without_text(document)) if partly else (READY, None)
    return Outcome(document.filename, status, document.id, document.pages, document.chunks, error)


def _without_text(document: DocumentRow) -> str:
    """Which pages cannot be found, and what would help."""
    blank = json.loads(document.verdict or "{}").get("pages_without_text", [])
    pages = "slides" if document.kind == Kind.PPTX else "pages"
    which = f" ({named(blank)})" if blank else ""
    return (
        f"{document.pages_without_text} of {document.pages} {pages} hold no text{which}, "
        "as scans and pictures do: they cannot be found before text recognition (OCR) was run on the file."
    )


def unchanged(filename: str, same: DocumentRow) -> Outcome:
    """A file that was there already."""
    return Outcome(filename, UNCHANGED, same.id, same.pages, same.chunks)


def nothing_stored(outcomes: Sequence[Outcome]) -> ServiceError:
    """The error of an upload that left nothing: one kind of failure keeps its own status and code."""
    kinds = {outcome.code for outcome in outcomes}
    shared = error_by_code(str(outcomes[0].code)) if len(kinds) == 1 else NothingStored
    error = shared(outcomes[0].error if len(outcomes) == 1 else None)
    error.extensions["documents"] = [asdict(outcome) for outcome in outcomes]
    return error
