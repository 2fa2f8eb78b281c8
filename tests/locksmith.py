"""Keys over a database of their own, under a clock that tests set, for two clients."""

from pathlib import Path

from conversational_rag.db import clients
from conversational_rag.db.engine import Database
from conversational_rag.errors import Unauthenticated
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.keys import Keys
from conversational_rag.services.sign_ins import SignIns

ACME, GLOBEX = Tenant("acme"), Tenant("globex")
PEPPER = b"a pepper of the tests"
NOON = 1_800_000_000.0
DAY, HOUR = 24 * 3600.0, 3600.0


class Locksmith:
    def __init__(self, folder: Path) -> None:
        self.database = Database(folder / "sessions.db")
        self.time = NOON
        self.keys = Keys(self.database, PEPPER, lambda: self.time)
        self.sign_ins = SignIns(self.database, self.keys, 12 * HOUR)

    async def open(self) -> "Locksmith":
        await self.database.migrate()
        for tenant in (ACME, GLOBEX):
            await self.database.write(clients.create, tenant, "model", self.time)
        return self

    async def close(self) -> None:
        await self.database.close()

    async def refuses(self, key: str) -> bool:
        try:
            await self.keys.authenticate(key)
        except Unauthenticated:
            return True
        return False

    async def ends(self, token: str) -> bool:
        """Whether a sign-in has ended."""
        try:
            await self.sign_ins.authenticate(token)
        except Unauthenticated:
            return True
        return False


def with_another_secret(key: str) -> str:
    return key[:-1] + ("A" if key[-1] != "A" else "B")
