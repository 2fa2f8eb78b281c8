"""What goes wrong in Chroma's process, in this program's words."""

from collections.abc import Mapping

from conversational_rag.concurrency.child import ChildNotStarted, ChildRefused
from conversational_rag.errors import IndexUnavailable, InternalError, ServiceError, StorageFull
from conversational_rag.vectorstores.base import CollectionBroken, IndexInUse, IndexUnreadable
from conversational_rag.vectorstores.circuit_breaker import CircuitOpen

# Looked up first: Chroma says InternalError to most things, and only the text tells them apart.
BY_TEXT: Mapping[str, type[ServiceError]] = {
    "disk is full": StorageFull,
    "No space left on device": StorageFull,
    "disk image is malformed": IndexUnreadable,
    "file is not a database": IndexUnreadable,
    "database is locked": IndexUnavailable,
    "unable to open database file": IndexUnavailable,
    "Too many open files": IndexUnavailable,
}

# Every class of chromadb.errors by its name, and what the process itself raises.
BY_KIND: Mapping[str, type[ServiceError]] = {
    "IndexIncomplete": CollectionBroken,
    "InternalError": CollectionBroken,
    "ChromaError": CollectionBroken,
    "NotFoundError": CollectionBroken,
    "UniqueConstraintError": CollectionBroken,
    "InvalidArgumentError": CollectionBroken,  # vectors of another length than those already there
    "InvalidDimensionException": CollectionBroken,
    "VersionMismatchError": IndexUnreadable,
    "BatchSizeExceededError": InternalError,
    "DuplicateIDError": InternalError,
    "IDAlreadyExistsError": InternalError,
    "InvalidUUIDError": InternalError,
    "TypeError": InternalError,
    "ValueError": InternalError,
    # Only Chroma's server, which is never used, is known to say these.
    "AuthorizationError": IndexUnavailable,
    "ChromaAuthError": IndexUnavailable,
    "InvalidHTTPVersion": IndexUnavailable,
    "QuotaError": IndexUnavailable,
    "RateLimitError": IndexUnavailable,
}

# What a start fails with. Anything else is a matter of the machine: rights, memory, files.
AT_START: Mapping[str, type[ServiceError]] = {
    "DirectoryInUse": IndexInUse,
    "DatabaseError": IndexUnreadable,
    "InternalError": IndexUnreadable,
    "ChromaError": IndexUnreadable,
    "VersionMismatchError": IndexUnreadable,
    "Stopped": IndexUnavailable,
}


def translate(error: Exception, *, one_collection: bool) -> ServiceError:
    """The error to raise from `error`; `one_collection` says that the call was about one client's collection."""
    if isinstance(error, CircuitOpen):
        paused = translate(error.reason, one_collection=False) if error.reason else IndexUnavailable()
        paused.retry_after = error.retry_after_seconds
        return paused
    if isinstance(error, ChildNotStarted):
        return _at_start(error)
    if isinstance(error, ChildRefused):
        return (_by_text(error.message) or BY_KIND.get(error.kind, IndexUnavailable))()
    # It died or hung: what it was reading or writing is suspected of having done that.
    return CollectionBroken() if one_collection else IndexUnavailable()


def of_database(error: Exception) -> ServiceError:
    """The error to raise when Chroma's database, opened without Chroma, raises `error`."""
    return (_by_text(str(error)) or IndexUnreadable)()


def worth_a_pause(error: Exception) -> bool:
    """Whether the next start would fail as this one did."""
    return isinstance(error, ChildNotStarted) and error.kind != "Stopped"


def _at_start(error: ChildNotStarted) -> ServiceError:
    known = _by_text(error.message) or AT_START.get(error.kind)
    if known is not None:
        return known()
    return IndexUnavailable(
        f"The vector index cannot be opened ({error.kind}); check that VECTOR_STORE_PATH names a folder that this "
        "program may write to, and look at /readyz."
    )


def _by_text(message: str) -> type[ServiceError] | None:
    return next((error for text, error in BY_TEXT.items() if text in message), None)
