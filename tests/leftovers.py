"""What a stopped instance holds that belongs to nothing, counted without the service's own code."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

_ORPHANS = {
    "chunks without a ready document": "SELECT count(*) FROM chunks WHERE document_id NOT IN "
    "(SELECT id FROM documents WHERE status = 'ready')",
    "pages without a ready document": "SELECT count(*) FROM pages WHERE document_id NOT IN "
    "(SELECT id FROM documents WHERE status = 'ready')",
    "words without a chunk": "SELECT count(*) FROM chunk_words_docsize WHERE id NOT IN (SELECT id FROM chunks)",
    "chunks without words": "SELECT count(*) FROM chunks WHERE id NOT IN (SELECT id FROM chunk_words_docsize)",
    "ready documents without a chunk": "SELECT count(*) FROM documents WHERE status = 'ready' AND id NOT IN "
    "(SELECT document_id FROM chunks)",
    "documents on their way": "SELECT count(*) FROM documents WHERE status NOT IN ('ready', 'failed', 'empty')",
    "documents that failed without a reason": "SELECT count(*) FROM documents WHERE status IN ('failed', 'empty') "
    "AND coalesce(error, '') = ''",
    "names that are ready twice": "SELECT count(*) FROM (SELECT 1 FROM documents WHERE status = 'ready' "
    "GROUP BY client_id, filename HAVING count(*) > 1)",
    "bytes that are ready twice": "SELECT count(*) FROM (SELECT 1 FROM documents WHERE status = 'ready' "
    "GROUP BY client_id, sha256 HAVING count(*) > 1)",
    "jobs without an end": "SELECT count(*) FROM jobs WHERE state <> 'done'",
    "files of jobs without an outcome": "SELECT count(*) FROM job_files WHERE outcome IS NULL",
    "clients half deleted": "SELECT count(*) FROM clients WHERE deleting = 1",
    "indexes in doubt": "SELECT count(*) FROM clients WHERE index_dirty = 1",
}
# A process of its own: two SQLite libraries must not meet in one.
_READ_CHROMA = """
import json, sys, chromadb
client = chromadb.PersistentClient(sys.argv[1], chromadb.Settings(anonymized_telemetry=False))
print(json.dumps({each.name: each.get(include=[])["ids"] for each in client.list_collections()}))
"""


def rows(folder: Path, sql: str) -> list[tuple[object, ...]]:
    """What the service's database says, also while it runs."""
    with closing(sqlite3.connect(f"file:{folder / 'data' / 'sessions.db'}?mode=ro", uri=True, timeout=20)) as database:
        return database.execute(sql).fetchall()


def orphans(folder: Path) -> dict[str, object]:
    """What is not as it must be, by its name; nothing of a sound instance. It must be stopped, and at rest."""
    found: dict[str, object] = {name: rows(folder, sql)[0][0] for name, sql in _ORPHANS.items()}
    kept = {str(row[0]) for row in rows(folder, "SELECT id FROM documents WHERE status = 'ready'")}
    files = {path.name for path in (folder / "data" / "uploads").iterdir()}
    found["files of no document"] = len(files - kept)
    found["documents without their file"] = len(kept - files)
    chunks = {(str(client), str(chunk)) for client, chunk in rows(folder, "SELECT client_id, id FROM chunks")}
    indexed = vectors(folder)
    found["vectors of no chunk"] = len(indexed - chunks)
    found["chunks without a vector in the index"] = len(chunks - indexed)
    return {name: count for name, count in found.items() if count}


def vectors(folder: Path) -> set[tuple[str, str]]:
    """The client and the chunk of every vector in Chroma."""
    command = [sys.executable, "-c", _READ_CHROMA, str(folder / "chroma_db")]
    collections = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return {(name.removeprefix("docs_"), each) for name, ids in collections.items() for each in ids}
