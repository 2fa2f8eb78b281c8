"""Keys and sign-ins as rows: what is looked up with every request is found by an index."""

import re
from pathlib import Path

import pytest
from locksmith import ACME, NOON, Locksmith
from sqlalchemy import Connection, Select, text

from conversational_rag.db import keys, sign_ins
from conversational_rag.db.keys import KeyRow
from conversational_rag.security.principals import Scope

ROW = KeyRow("0123456789ab", ACME, Scope.CHAT, "phone", "0123456789ab", NOON, NOON + 1)


def plan(connection: Connection, statement: Select[object]) -> str:
    written = re.sub(r":\w+", "NULL", str(statement.compile(connection)))
    return " | ".join(row[3] for row in connection.execute(text(f"EXPLAIN QUERY PLAN {written}")))


@pytest.mark.parametrize("statement", [keys._LOOK_UP, keys._FIND, sign_ins._FIND])
async def test_a_request_reads_no_table_from_end_to_end(tmp_path: Path, statement: Select[object]) -> None:
    smith = await Locksmith(tmp_path).open()
    told = await smith.database.read(plan, statement)
    await smith.close()
    assert "SEARCH" in told
    assert not [table for table in ("keys", "clients", "sign_ins") if f"SCAN {table}" in told], told


async def test_a_row_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    smith = await Locksmith(tmp_path).open()
    await smith.database.write(keys.insert_new, ROW, b"digest")
    found = await smith.database.read(keys.admin_look_up, ROW.id)
    assert (found.digest, found.key()) == (b"digest", ROW)
    assert (await smith.database.read(keys.admin_look_up, "nokeyatall00")).digest is None
    assert await smith.database.read(keys.find, ACME, ROW.id) == ROW
    await smith.close()


def test_a_revoked_key_stays_revoked_when_it_has_expired_too() -> None:
    gone = KeyRow("0123456789ab", None, Scope.ADMIN, "", "0123456789ab", NOON, NOON + 1, None, NOON)
    assert [ROW.status(NOON), ROW.status(NOON + 1), gone.status(NOON + 2)] == ["live", "expired", "revoked"]
    assert [ROW.is_live(NOON), ROW.is_live(NOON + 1), gone.is_live(NOON)] == [True, False, False]
