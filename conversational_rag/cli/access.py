"""Who may do what, seen from the command line: keys and audit, and a server that asks for a key."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from conversational_rag.config import Settings
from conversational_rag.db import migrations
from conversational_rag.db.engine import Database
from conversational_rag.errors import BadInput, DataInUse
from conversational_rag.remote import RunningServer
from conversational_rag.security import pepper
from conversational_rag.security.principals import Scope
from conversational_rag.services.audit import Audit
from conversational_rag.services.data_claim import is_claimed
from conversational_rag.services.keys import Keys

# Should the command be killed before it has revoked its key.
_LONGEST_COMMAND_SECONDS = 24 * 3600.0


@asynccontextmanager
async def access(settings: Settings, *, anew: bool = False) -> AsyncIterator[tuple[Keys, Audit]]:
    """The keys and the audit, beside a server or without one; `anew`: there may be no database yet."""
    if not anew and not settings.session_db_path.exists():
        raise BadInput(f"There is no database at {settings.session_db_path} (DATA_DIR, SESSION_DB_PATH).")
    database = Database(settings.session_db_path)
    try:
        await _require_current_tables(settings, database)
        secret = pepper.load(settings.key_pepper, settings.data_dir)
        yield Keys(database, secret, time.time), Audit(database, settings.audit_days, time.time)
    finally:
        await database.close()


async def _require_current_tables(settings: Settings, database: Database) -> None:
    """A server has seen to them at its start, unless it is of another version; its lock is not touched for nothing."""
    if await database.read(migrations.is_current):
        return
    if is_claimed(settings.data_dir, settings.session_db_path):
        raise DataInUse("The server that runs is of another version; start it again with this one, then make the key.")
    await database.migrate()


@asynccontextmanager
async def running_server(settings: Settings) -> AsyncIterator[RunningServer]:
    """The server that has the data. Where it asks for a key the command makes one: whoever may write to the database
    may do everything; it is revoked at the end. Raises DataInUse."""
    server = RunningServer(settings)
    try:
        if await asyncio.to_thread(server.asks_for_a_key):
            async with access(settings) as (keys, _), _short_lived(keys) as key:
                server.show(key)
                yield server
        else:
            yield server
    finally:
        server.close()


@asynccontextmanager
async def _short_lived(keys: Keys) -> AsyncIterator[str]:
    made = await keys.create(Scope.ADMIN, None, "a command", keys.now() + _LONGEST_COMMAND_SECONDS)
    try:
        yield made.text
    finally:
        await keys.revoke(None, made.row.id)
