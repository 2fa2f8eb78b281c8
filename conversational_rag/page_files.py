"""The files of the page as answers: each is compressed once, known by what it holds, and asked for anew at every visit.

The framework finds them, and nothing outside of their folder.
"""

import gzip
import os
import re
import stat
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import NotModifiedResponse, PathLike, StaticFiles
from starlette.types import Scope

# Not the machine's own list, in which some of them are missing or called otherwise.
_TEXTS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
_PACKED = {".woff2": "font/woff2", ".png": "image/png", ".ico": "image/x-icon"}
_OTHER = "application/octet-stream"
_FILES_REMEMBERED = 256
_IMPORT_MAP = re.compile(rb'<script type="importmap">(.*?)</script>', re.DOTALL)
_UNFRAMED = "frame-ancestors 'none'"
_NO_GZIP = re.compile(r"gzip\s*;\s*q=0(\.0*)?\s*(,|$)")


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file as it is sent: its bytes, also compressed where that is shorter, and their SHA-256; `policy` says what a
    page may do."""

    body: bytes = field(repr=False)
    compressed: bytes | None = field(repr=False)
    digest: str
    media_type: str
    policy: str | None

    def answer(self, status: int = 200, *, zipped: bool) -> Response:
        """The whole file, in the form that its reader understands."""
        headers = {"Content-Type": self.media_type, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
        if self.policy is not None:
            headers["Content-Security-Policy"] = self.policy
        if zipped and self.compressed is not None:
            # A tag stands for the bytes that are sent, not for what they hold.
            headers |= {"Content-Encoding": "gzip", "ETag": f'"{self.digest}-gzip"'}
            return Response(self.compressed, status, headers)
        return Response(self.body, status, {**headers, "ETag": f'"{self.digest}"'})


class PageFiles(StaticFiles):
    """The files of a folder. A changed file is read anew."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder)

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Where it is. This runs in a thread, so the file is read and compressed here."""
        place, found = super().lookup_path(path)
        if found is not None and stat.S_ISREG(found.st_mode):
            _load(place, found.st_mtime_ns, found.st_size)
        return place, found

    def file_response(
        self, full_path: PathLike, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """The file, or that the reader's copy is still right."""
        headers = Headers(scope=scope)
        file = _load(str(full_path), stat_result.st_mtime_ns, stat_result.st_size)
        answer = file.answer(status_code, zipped=_takes_gzip(headers))
        if not self.is_not_modified(answer.headers, headers):
            return answer
        unchanged = NotModifiedResponse(answer.headers)
        # A browser takes over what this answer says: its policy must be the page's.
        if file.policy is not None:
            unchanged.headers["Content-Security-Policy"] = file.policy
        return unchanged


def framed_by(answer: Response, origins: Iterable[str]) -> Response:
    """Let pages of these origins, and of no others, show the page in a frame."""
    policy = answer.headers["Content-Security-Policy"]
    answer.headers["Content-Security-Policy"] = policy.replace(_UNFRAMED, f"frame-ancestors {' '.join(origins)}")
    return answer


@lru_cache(_FILES_REMEMBERED)
def _load(place: str, _changed_at: int, _bytes: int) -> PageFile:
    path = Path(place)
    body, kind = path.read_bytes(), path.suffix
    compressed = gzip.compress(body, mtime=0) if kind in _TEXTS else body
    return PageFile(
        body,
        compressed if len(compressed) < len(body) else None,
        sha256(body).hexdigest(),
        {**_TEXTS, **_PACKED}.get(kind, _OTHER),
        _policy(body) if kind == ".html" else None,
    )


def _policy(page: bytes) -> str:
    """Its own scripts, styles and images, its import map as it stands there, and the API; no markup from a string, but
    what DOMPurify has cleaned."""
    maps = [f"'sha256-{b64encode(sha256(text).digest()).decode()}'" for text in _IMPORT_MAP.findall(page)]
    return "; ".join(
        (
            "default-src 'none'",
            " ".join(("script-src 'self'", *maps)),
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            "manifest-src 'self'",
            "connect-src 'self'",
            _UNFRAMED,
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types dompurify",
        )
    )


def _takes_gzip(headers: Headers) -> bool:
    accepted = headers.get("accept-encoding", "").lower()
    return "gzip" in accepted and _NO_GZIP.search(accepted) is None
