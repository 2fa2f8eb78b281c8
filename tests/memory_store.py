"""A vector store in memory that can be told to fail."""

from collections.abc import Mapping, Sequence

from conversational_rag.security.tenants import Tenant
from conversational_rag.vectorstores.base import Hit, Vectors


class MemoryStore:
    """Keeps each client's vectors; `fault` is raised by every call until it is None or the store is reset."""

    def __init__(self) -> None:
        self.collections: dict[Tenant, dict[int, Vectors]] = {}
        self.prints: dict[Tenant, str] = {}
        self.fault: Exception | None = None
        self.searches = 0

    def _check(self) -> None:
        if self.fault is not None:
            raise self.fault

    async def ensure(self, tenant: Tenant, fingerprint: str) -> None:
        self._check()
        self.collections.setdefault(tenant, {})
        self.prints[tenant] = fingerprint

    async def fingerprint(self, tenant: Tenant) -> str | None:
        self._check()
        return self.prints.get(tenant)

    async def add(
        self, tenant: Tenant, ids: Sequence[int], vectors: Vectors, metadata: Sequence[Mapping[str, str | int]]
    ) -> None:
        self._check()
        self.collections[tenant].update(zip(ids, vectors, strict=True))

    async def remove(self, tenant: Tenant, ids: Sequence[int]) -> None:
        self._check()
        for chunk_id in ids:
            self.collections[tenant].pop(chunk_id, None)

    async def search(self, tenant: Tenant, vector: Vectors, k: int) -> list[Hit]:
        self._check()
        self.searches += 1
        hits = [Hit(chunk_id, float(each @ vector)) for chunk_id, each in self.collections.get(tenant, {}).items()]
        return sorted(hits, key=lambda hit: -hit.similarity)[:k]

    async def count(self, tenant: Tenant) -> int:
        self._check()
        return len(self.collections.get(tenant, {}))

    async def ids(self, tenant: Tenant) -> set[int]:
        self._check()
        return set(self.collections.get(tenant, {}))

    async def drop(self, tenant: Tenant) -> int:
        self._check()
        self.prints.pop(tenant, None)
        return len(self.collections.pop(tenant, {}))

    @property
    def restarts(self) -> int:
        return 0

    async def reset(self) -> None:
        self.collections.clear()
        self.prints.clear()
        self.fault = None

    async def ping(self) -> None:
        self._check()

    async def close(self) -> None:
        return
