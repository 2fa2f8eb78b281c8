"""Import: a client that another instance has exported becomes one of this instance, which does not run; all or nothing.

Chunks and messages get new ids, documents and sessions only where theirs are taken. Vectors of another embedding model
are made anew from the text.
"""

import json
import shutil
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

from conversational_rag.db import records
from conversational_rag.db.engine import Database
from conversational_rag.embedding.pool import EmbeddingPool
from conversational_rag.errors import BadInput
from conversational_rag.security.tenants import Tenant, is_well_formed
from conversational_rag.services import archives
from conversational_rag.services.backup import FILES
from conversational_rag.services.client_export import CLIENT, VECTORS, rows_name
from conversational_rag.services.client_rows import DOCUMENT_ID, Arriving, Imported, insert_client

_STAGE = ".import"
_EMBEDDED_AT_ONCE = 256
_MEMBERS = frozenset({VECTORS, *map(rows_name, records.KINDS)})


async def import_client(
    source: Path, database: Database, pool: EmbeddingPool, uploads: Path, wanted: Tenant | None, now: float
) -> Imported:
    """Take the archive in, as the client `wanted` (None: as the one it was). Its vector index is still to be made.

    Raises BadInput when there is such a client already, or the archive is damaged; StorageFull.
    """
    manifest = archives.read_manifest(source, CLIENT)
    tenant = wanted or _tenant(source, manifest)
    if await database.read(records.is_client, tenant):
        raise BadInput(
            f"There is a client {tenant.client_id} here already; delete it first, or import under another name with "
            "--client."
        )
    stage = uploads.parent / _STAGE
    shutil.rmtree(stage, ignore_errors=True)
    try:
        (stage / FILES).mkdir(parents=True)
        archives.unpack(source, CLIENT, _placed_in(source, stage))
        await pool.start()
        anew = await _ensure_vectors(manifest, stage, pool)
        arriving = Arriving(stage, uploads, tenant, pool.fingerprint, pool.dimensions, now)
        return await database.write(insert_client, arriving, anew)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise archives.damaged(source, "its rows do not fit together") from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _tenant(source: Path, manifest: dict[str, Any]) -> Tenant:
    client_id = manifest.get("client_id")
    if not isinstance(client_id, str) or not is_well_formed(client_id):
        raise archives.damaged(source, "it does not say whose it is")
    return Tenant(client_id)


def _placed_in(source: Path, stage: Path) -> Callable[[str], Path]:
    def place(name: str) -> Path:
        folder, _, document_id = name.rpartition("/")
        if name in _MEMBERS or (folder == FILES and DOCUMENT_ID.fullmatch(document_id)):
            return stage / name
        raise archives.damaged(source, f"{name!r} is no part of a client")

    return place


async def _ensure_vectors(manifest: dict[str, Any], stage: Path, pool: EmbeddingPool) -> bool:
    """Embed the text anew where the vectors are not this instance's model's; whether they were not."""
    same = (pool.fingerprint, pool.dimensions)
    if (manifest.get("embedding_fingerprint"), manifest.get("dimensions")) == same:
        return False
    with (stage / VECTORS).open("wb") as vectors, (stage / rows_name("chunks")).open(encoding="utf-8") as lines:
        while batch := [json.loads(line) for line in islice(lines, _EMBEDDED_AT_ONCE)]:
            matrix = await pool.embed_passages([f"{row['title']}\n{row['text']}" for row in batch])
            vectors.write(matrix.astype("<f4", copy=False).tobytes())
    return True
