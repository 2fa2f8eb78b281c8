"""150 clients in a process that may open 1,024 files: started by a test, prints what was lost as JSON.

Usage: python many_collections.py PATH OPEN_COLLECTIONS
"""

import asyncio
import json
import resource
import sys
from pathlib import Path

import numpy as np

from conversational_rag.security.tenants import Tenant
from conversational_rag.vectorstores.chroma import ChromaStore

CLIENTS, VECTORS = 150, 20


def vectors_of(number: int) -> np.ndarray:
    """A client's own vectors."""
    rows = np.random.default_rng(number).standard_normal((VECTORS, 384)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


async def ask_all(store: ChromaStore) -> list[str]:
    """Each client's first, middle and last vector must find itself, and its count must be right."""
    lost = []
    for number in range(CLIENTS):
        tenant, vectors = Tenant(f"client_{number}"), vectors_of(number)
        for row in (0, VECTORS // 2, VECTORS - 1):
            hits = await store.search(tenant, vectors[row], 10)
            if len(hits) != 10 or hits[0].chunk_id != row or hits[0].similarity < 0.999:
                lost.append(f"{number}/{row}")
        if await store.count(tenant) != VECTORS:
            lost.append(f"{number} count")
    return lost


def open_indexes(pid: int) -> int:
    """How many collections' indexes a process holds open."""
    links = [descriptor for descriptor in Path(f"/proc/{pid}/fd").iterdir() if descriptor.is_symlink()]
    return sum(link.readlink().name == "data_level0.bin" for link in links)


async def main(path: Path, open_collections: int) -> None:
    """Fill, ask twice round, start again, ask once more."""
    store = ChromaStore(path, open_collections)
    for number in range(CLIENTS):
        await store.ensure(Tenant(f"client_{number}"), "toy")
        await store.add(Tenant(f"client_{number}"), range(VECTORS), vectors_of(number), [{"document": 1}] * VECTORS)
    lost = {"first": await ask_all(store), "second": await ask_all(store)}
    opened = open_indexes(store.pid or 0)
    await store.close()
    again = ChromaStore(path, open_collections)
    lost["after a restart"] = await ask_all(again)
    await again.close()
    sys.stdout.write(json.dumps({"lost": lost, "open": opened, "restarts": store.restarts + again.restarts}))


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
