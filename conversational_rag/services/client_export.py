"""Export: everything of one client in one archive, for another instance. Its form stands in docs/operations.md."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from conversational_rag.db import clients, records
from conversational_rag.db.engine import Connection, Database
from conversational_rag.errors import ClientNotFound
from conversational_rag.security.tenants import Tenant
from conversational_rag.services import archives
from conversational_rag.services.archives import Kind
from conversational_rag.services.backup import FILES, link_or_copy

CLIENT = Kind("conversational_rag client", 1)
VECTORS = "vectors.f32"
_FLOAT_BYTES = 4


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export holds: rows by kind, originals; its size in bytes; documents on their way, which it leaves out."""

    counts: Mapping[str, int]
    files: int
    bytes: int
    unfinished: int


@dataclass(frozen=True, slots=True)
class _Dump:
    """What was written into the scratch folder; `dimensions` 0: the vectors are not of one model."""

    fingerprint: str
    dimensions: int
    counts: dict[str, int]
    documents: int


def rows_name(kind: str) -> str:
    """The member that holds the rows of a kind."""
    return f"{kind}.jsonl"


async def export(database: Database, uploads: Path, tenant: Tenant, target: Path, now: float) -> Exported:
    """Write the client's archive to `target`, as the client stands at one moment; also beside a server that runs.

    Raises ClientNotFound, StorageFull, BadInput.
    """
    with archives.scratch_beside(target) as scratch:
        dump = await database.read(_dump, tenant, uploads, scratch)
        originals = {f"{FILES}/{path.name}": path for path in sorted((scratch / FILES).iterdir())}
        about = {
            "client_id": tenant.client_id,
            "created_at": now,
            "embedding_fingerprint": dump.fingerprint,
            "dimensions": dump.dimensions,
            "counts": {**dump.counts, "files": len(originals)},
        }
        rows = {name: scratch / name for name in (*map(rows_name, records.KINDS), VECTORS)}
        size = archives.write(target, CLIENT, about, {**rows, **originals})
    unfinished = dump.documents - dump.counts["documents"]
    return Exported(dump.counts, len(originals), size, unfinished)


def _dump(connection: Connection, tenant: Tenant, uploads: Path, scratch: Path) -> _Dump:
    if clients.find(connection, tenant) is None:
        raise ClientNotFound
    (scratch / FILES).mkdir()
    lengths: set[int] = set()
    counts = {kind: _dump_rows(connection, tenant, kind, scratch, lengths) for kind in records.KINDS}
    for row in records.rows_of(connection, tenant, "documents"):
        link_or_copy(uploads / row["id"], scratch / FILES / row["id"])
    dimensions = lengths.pop() // _FLOAT_BYTES if len(lengths) == 1 else 0
    documents = clients.holdings(connection, tenant).documents
    return _Dump(records.fingerprint_of(connection, tenant), dimensions, counts, documents)


def _dump_rows(connection: Connection, tenant: Tenant, kind: str, scratch: Path, lengths: set[int]) -> int:
    """Write the rows, a line each; vectors go into a file of their own, in the order of the chunks."""
    count = 0
    with (scratch / rows_name(kind)).open("w", encoding="utf-8") as lines, (scratch / VECTORS).open("ab") as vectors:
        for row in records.rows_of(connection, tenant, kind):
            vector = row.pop("vector", None)
            if vector is not None:
                vectors.write(vector)
                lengths.add(len(vector))
            lines.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
            count += 1
    return count
