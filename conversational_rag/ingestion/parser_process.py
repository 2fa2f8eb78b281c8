"""The child process that reads hostile files: from a path to pages and chunks, within limits it sets itself."""

import contextlib
import resource
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conversational_rag.concurrency.serving import Handler, serve
from conversational_rag.ingestion.limits import Limits
from conversational_rag.ingestion.loaders.base import LoadedDocument
from conversational_rag.ingestion.loaders.registry import loader_of
from conversational_rag.ingestion.sniffing import sniff
from conversational_rag.ingestion.splitting import Chunk, split
from conversational_rag.ingestion.text.repetition import repeated_share

_GRACE_SECONDS = 2  # the parent's clock strikes first, while there is a parent


def main() -> None:
    """Serve `parse` until the parent goes; the only argument is the memory limit in bytes."""
    memory_bytes = int(sys.argv[1])
    serve(lambda: _prepare(memory_bytes))


def _prepare(memory_bytes: int) -> Mapping[str, Handler]:
    _limit(resource.RLIMIT_AS, memory_bytes)
    _limit(resource.RLIMIT_CORE, 0)
    return {"parse": parse}


def parse(
    _payload: bytes,
    path: str,
    filename: str,
    limits: dict[str, int],
    seconds: float,
    chunk_size: int,
    chunk_overlap: int,
) -> tuple[dict[str, Any], bytes]:
    """What the file holds: numbers in the result; in the payload all pages' text, then all chunks', as UTF-8."""
    _limit(resource.RLIMIT_CPU, int(_cpu_seconds() + seconds) + _GRACE_SECONDS)
    bounds = Limits(**limits)
    document = loader_of(sniff(Path(path), filename))(Path(path), bounds)
    bounds.check_characters(document.characters)
    chunks = split(document, chunk_size, chunk_overlap, most_chunks=bounds.chunks)
    texts = (*(page.text for page in document.pages), *(chunk.text for chunk in chunks))
    return _described(document, chunks), "".join(texts).encode()


def _described(document: LoadedDocument, chunks: list[Chunk]) -> dict[str, Any]:
    return {
        "kind": document.kind,
        "page_count": document.page_count,
        "pages": [(page.number, page.place, len(page.text)) for page in document.pages],
        "chunks": [(chunk.page, chunk.place, chunk.start, len(chunk.text)) for chunk in chunks],
        "encoding": document.encoding,
        "notes": document.notes,
        "repeated_share": repeated_share(page.text for page in document.pages),
        "resident_mb": _resident_mb(),
    }


def _limit(what: int, soft: int) -> None:
    """Lower a limit of this process. Where the system refuses (macOS and memory), the parent's clock remains."""
    hard = resource.getrlimit(what)[1]
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(what, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _resident_mb() -> int:
    """Memory in use now; its peak where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 2**20
    return pages * resource.getpagesize() // 2**20


if __name__ == "__main__":
    main()
