"""One tree of errors: what went wrong, its HTTP status and its stable code.

A class's docstring is its default message: what happened and what to do next. Nothing here is
ever given a server path, a stack trace or a provider's raw text.

ServiceError
├── BadInput (422)         InvalidRequest, UnreadableFile, EncryptedFile, EmptyFile, NoText, ParsingLimit, NothingStored
│                          UrlRefused, UrlUnreachable, UploadCancelled, ReadingGivenUp, Superseded, KeyReused
│                          UnsupportedFile (415), FileTooLarge (413), RequestTooLarge (413)
│                          HostRefused (400)
├── Unauthenticated (401)
├── Forbidden (403)        OriginRefused, OpenToNobody
├── NotFound (404)         ClientNotFound, SessionNotFound, MessageNotFound, DocumentNotFound, JobNotFound,
│                          KeyNotFound
├── UrlIngestionOff (403)
├── TooManyRequests (429)
├── MethodNotAllowed (405)
├── Unavailable (503)      IndexUnavailable, DatabaseUnavailable, StorageFull (507)
├── InternalError (500)
├── ModelError             turned into a sibling model or an extractive answer before it reaches a caller:
│                          ModelGone, RateLimited, PromptTooLarge, OverCapacity, ModelUnreachable, BadGeneration,
│                          KeyRefused
└── StartError             stops the start with one line: ConfigurationError, DataInUse
"""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar


class ServiceError(Exception):
    """Something went wrong."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Internal error"

    def __init__(self, detail: str | None = None, *, retry_after: float | None = None, **extensions: Any) -> None:
        """`retry_after` is in seconds; `extensions` are further members of the problem document."""
        self.detail = detail or " ".join((type(self).__doc__ or "").split())
        self.retry_after = retry_after
        self.extensions = extensions
        super().__init__(self.detail)


class BadInput(ServiceError):
    """The request cannot be carried out as it is; change it and send it again."""

    status, code, title = 422, "bad_input", "The input cannot be used"


class InvalidRequest(BadInput):
    """A field of the request is missing or wrong; see `errors` for each one."""

    code, title = "invalid_request", "The request is not valid"

    def __init__(self, detail: str | None = None, *, errors: Sequence[dict[str, str]] = (), **extensions: Any) -> None:
        super().__init__(detail, errors=list(errors), **extensions)


class UnreadableFile(BadInput):
    """The file is damaged or is not what its name says; save it again in its program and upload the new copy."""

    code, title = "unreadable_file", "The file cannot be read"


class EncryptedFile(BadInput):
    """The file is protected with a password; remove the password and upload it again."""

    code, title = "encrypted_file", "The file is protected"


class EmptyFile(BadInput):
    """The file is empty (0 bytes or only white space); check that it was saved before it was uploaded."""

    code, title = "empty_file", "The file is empty"


class NoText(BadInput):
    """The file holds no text that can be searched, as with a scan: run text recognition (OCR) on it, then upload it."""

    code, title = "no_text_found", "The file has no text"


class ParsingLimit(BadInput):
    """Reading the file took more time or memory than is allowed; split it into smaller files."""

    code, title = "parsing_limit", "The file costs too much to read"


class NothingStored(BadInput):
    """None of the files could be stored; see `documents` for the reason of each."""

    code, title = "nothing_stored", "No file was stored"


class UrlRefused(BadInput):
    """This URL is not fetched; give the http or https URL of a public page, without a user name and without a port."""

    code, title = "url_refused", "The URL is not fetched"


class UrlUnreachable(BadInput):
    """The URL did not give a page; open it in a browser to see whether it works, or upload the page as a file."""

    code, title = "url_unreachable", "The URL gives no page"


class UploadCancelled(BadInput):
    """The upload was cancelled, or the document deleted, before it was searchable; send the file again to store it."""

    code, title = "upload_cancelled", "The upload was cancelled"


class ReadingGivenUp(BadInput):
    """The file could not be stored, also when it was tried again; split it, or save it anew and upload it."""

    code, title = "reading_given_up", "The file could not be stored"


class Superseded(BadInput):
    """A newer file of the same name was uploaded before this one could be stored; the newer one is searched."""

    code, title = "superseded", "A newer version is stored"


class KeyReused(BadInput):
    """This Idempotency-Key was sent before with another request; take a new one for each new request."""

    code, title = "idempotency_key_reused", "The Idempotency-Key was used before"


class UnsupportedFile(BadInput):
    """This kind of file is not read here; upload PDF, DOCX, DOC, ODT, RTF, TXT, MD, HTML,
    EPUB, XLSX, CSV, PPTX, JSON or EML."""

    status, code, title = 415, "unsupported_file", "This kind of file is not read"


class FileTooLarge(BadInput):
    """The file is larger than allowed (MAX_FILE_MB); split it or raise the setting."""

    status, code, title = 413, "file_too_large", "The file is too large"


class RequestTooLarge(BadInput):
    """The request body is larger than allowed; send less at once."""

    status, code, title = 413, "request_too_large", "The request is too large"


class HostRefused(BadInput):
    """The service is not called by this name; use the one it is known by, or add this one to ALLOWED_HOSTS."""

    status, code, title = 400, "host_refused", "The host name is refused"


class Unauthenticated(ServiceError):
    """A valid key is needed: send it as `Authorization: Bearer KEY` or `X-API-Key: KEY`. Whoever runs the service makes
    one with `python -m conversational_rag key create`."""

    status, code, title = 401, "unauthenticated", "A key is needed"


class Forbidden(ServiceError):
    """This key may not do that; use one with a wider scope."""

    status, code, title = 403, "forbidden", "The key's scope is too narrow"


class OriginRefused(Forbidden):
    """A page of another site made this request; add its origin to ALLOWED_ORIGINS if it is to be trusted."""

    code, title = "origin_refused", "The page's origin is refused"


class OpenToNobody(Forbidden):
    """Without keys the service is open only on the machine it runs on; set AUTH_MODE=keys, or ALLOW_OPEN=true if
    everybody who can reach it may read and delete everything."""

    code, title = "open_to_nobody", "The service is not open to the network"


class TooManyRequests(ServiceError):
    """Too much at once; wait for as many seconds as `Retry-After` says."""

    status, code, title = 429, "too_many_requests", "Too many requests"


class NotFound(ServiceError):
    """There is nothing at this address; see /docs for what there is."""

    status, code, title = 404, "not_found", "Not found"


class ClientNotFound(NotFound):
    """There is no such client; check the client_id, or upload a document to make one."""

    code, title = "client_not_found", "Unknown client"


class SessionNotFound(NotFound):
    """There is no such session; leave session_id out to begin a new one."""

    code, title = "session_not_found", "Unknown session"


class MessageNotFound(NotFound):
    """There is no such message in this session; read the session's messages to see which there are."""

    code, title = "message_not_found", "Unknown message"


class UrlIngestionOff(ServiceError):
    """Web pages are not fetched here; set URL_INGESTION=true to switch that on, or upload the page as a file."""

    status, code, title = 403, "url_ingestion_off", "Web pages are not fetched"


class DocumentNotFound(NotFound):
    """There is no such document; list the client's documents to see which there are."""

    code, title = "document_not_found", "Unknown document"


class JobNotFound(NotFound):
    """There is no such job; jobs are forgotten some days after their end, documents are not."""

    code, title = "job_not_found", "Unknown job"


class KeyNotFound(NotFound):
    """There is no such key; list the keys to see which there are."""

    code, title = "key_not_found", "Unknown key"


class MethodNotAllowed(ServiceError):
    """This address does not take that method; see /docs."""

    status, code, title = 405, "method_not_allowed", "Method not allowed"


class Unavailable(ServiceError):
    """The service cannot do this right now; try again in a moment."""

    status, code, title = 503, "unavailable", "Temporarily unavailable"


class IndexUnavailable(Unavailable):
    """The vector index does not answer; it is restarted by itself, try again in a moment."""

    code, title = "index_unavailable", "The vector index does not answer"


class DatabaseUnavailable(Unavailable):
    """The database does not answer; try again in a moment, and look at /readyz."""

    code, title = "database_unavailable", "The database does not answer"


class StorageFull(ServiceError):
    """There is no room left on the server's disk; nothing was stored. Free some space and send it again."""

    status, code, title = 507, "storage_full", "The disk is full"


class InternalError(ServiceError):
    """Something unexpected happened; it was logged under the request_id. Try again, and report it if it stays."""


class ModelError(ServiceError):
    """The language model did not answer."""

    status, code, title = 503, "model_error", "The model did not answer"


class ModelGone(ModelError):
    """The model does not exist (any more) for this key; name another one in MODEL_NAME or FALLBACK_MODELS."""

    code, title = "model_gone", "The model is gone"


class RateLimited(ModelError):
    """The model's quota is used up for now; it refills by itself."""

    code, title = "rate_limited", "The model's quota is used up"

    def __init__(
        self,
        detail: str | None = None,
        *,
        scope: str = "",
        limit: int | None = None,
        used: int | None = None,
        requested: int | None = None,
        **details: Any,
    ) -> None:
        """`scope` is the bucket that ran dry: RPM, RPD, TPM, TPD, ITPM, OTPM or ''; the rest is in its unit (tokens
        or requests), where the provider named it."""
        super().__init__(detail, **details)
        self.scope, self.limit, self.used, self.requested = scope, limit, used, requested


class PromptTooLarge(ModelError):
    """One request asks for more tokens than the model's whole bucket; only a smaller one can pass."""

    code, title = "prompt_too_large", "The prompt is too large"

    def __init__(
        self,
        detail: str | None = None,
        *,
        scope: str = "",
        limit: int | None = None,
        requested: int | None = None,
        **details: Any,
    ) -> None:
        """`scope` is the bucket that is too small (TPM, ITPM, OTPM, … or ''); `limit` and `requested` are tokens, where
        the provider named them."""
        super().__init__(detail, **details)
        self.scope, self.limit, self.requested = scope, limit, requested


class OverCapacity(ModelError):
    """The model is overloaded at the provider; a sibling or a later try helps."""

    code, title = "over_capacity", "The model is overloaded"


class ModelUnreachable(ModelError):
    """The provider cannot be reached or broke off; check GROQ_API_BASE and the network."""

    code, title = "model_unreachable", "The model cannot be reached"


class BadGeneration(ModelError):
    """The model broke off, or said nothing that can be used."""

    code, title = "bad_generation", "The model's answer cannot be used"


class KeyRefused(ModelError):
    """The provider refuses the key; check GROQ_API_KEY."""

    code, title = "key_refused", "The key is refused"


class StartError(ServiceError):
    """The service cannot start."""

    code, title = "start_error", "The service cannot start"


class ConfigurationError(StartError):
    """A setting is wrong; see docs/configuration.md."""

    code, title = "configuration_error", "A setting is wrong"


class DataInUse(StartError):
    """Another process uses this data directory; stop it first, or set DATA_DIR to another folder."""

    code, title = "data_in_use", "The data directory is in use"


def error_by_code(code: str) -> type[ServiceError]:
    """The class of a stored error code; ServiceError's own when no class has it any more."""
    return next((each for each in _descendants(ServiceError) if each.code == code), ServiceError)


def _descendants(error: type[ServiceError]) -> Iterator[type[ServiceError]]:
    yield error
    for child in error.__subclasses__():
        yield from _descendants(child)
