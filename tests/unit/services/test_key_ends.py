"""How keys end: by their time, by a word, by a successor."""

from pathlib import Path

import pytest
from locksmith import ACME, DAY, HOUR, NOON, PEPPER, Locksmith

from conversational_rag.db.engine import Database
from conversational_rag.errors import BadInput
from conversational_rag.security.principals import Scope
from conversational_rag.services.keys import Keys, NewKey


async def test_a_key_expires_at_its_time(smith: Locksmith) -> None:
    made = await smith.keys.create(Scope.CHAT, ACME, expires_at=NOON + DAY)
    smith.time = NOON + DAY - 0.001
    assert not await smith.refuses(made.text)
    smith.time = NOON + DAY
    assert await smith.refuses(made.text)


async def test_a_revoked_key_is_refused_at_once_also_when_another_process_revoked_it(
    smith: Locksmith, tmp_path: Path
) -> None:
    made = await smith.keys.create(Scope.CHAT, ACME)
    assert not await smith.refuses(made.text)
    beside = Database(tmp_path / "sessions.db")
    await Keys(beside, PEPPER, lambda: NOON).revoke(None, made.row.id)
    await beside.close()
    assert await smith.refuses(made.text)


async def test_revoking_again_changes_nothing(smith: Locksmith) -> None:
    made = await smith.keys.create(Scope.CHAT, ACME)
    first = await smith.keys.revoke(ACME, made.row.id)
    smith.time += HOUR
    assert await smith.keys.revoke(ACME, made.row.id) == first


async def rotated(smith: Locksmith, former: NewKey, grace_seconds: float = DAY) -> NewKey:
    smith.time += 1
    return await smith.keys.rotate(former.row.tenant, former.row.id, grace_seconds)


async def test_a_rotated_key_and_its_successor_live_side_by_side_for_a_while(smith: Locksmith) -> None:
    old = await smith.keys.create(Scope.CHAT, ACME, "phone")
    new = await rotated(smith, old)
    assert (new.row.scope, new.row.tenant, new.row.name, new.row.line) == (Scope.CHAT, ACME, "phone", old.row.id)
    assert new.row.expires_at is None
    assert (await smith.keys.authenticate(old.text)).line == (await smith.keys.authenticate(new.text)).line
    assert new.former is not None
    assert new.former.expires_at == smith.time + DAY
    smith.time += DAY
    assert await smith.refuses(old.text)
    assert not await smith.refuses(new.text)


async def test_a_rotation_without_grace_ends_the_former_key_at_once(smith: Locksmith) -> None:
    old = await smith.keys.create(Scope.CHAT, ACME)
    await rotated(smith, old, 0)
    assert await smith.refuses(old.text)


async def test_a_key_that_was_to_live_for_a_month_is_replaced_by_one_that_lives_for_a_month(smith: Locksmith) -> None:
    old = await smith.keys.create(Scope.CHAT, ACME, expires_at=NOON + 30 * DAY)
    smith.time = NOON + 29.5 * DAY
    new = await rotated(smith, old)
    assert new.row.expires_at == smith.time + 30 * DAY
    assert new.former is not None
    assert new.former.expires_at == NOON + 30 * DAY, "the grace gives it no more time than it had"


async def test_what_is_dead_or_was_rotated_is_not_rotated(smith: Locksmith) -> None:
    old = await smith.keys.create(Scope.CHAT, ACME)
    new = await rotated(smith, old)
    with pytest.raises(BadInput, match=new.row.id):
        await rotated(smith, old)
    expired = await smith.keys.create(Scope.CHAT, ACME, expires_at=smith.time + 1)
    revoked = await smith.keys.create(Scope.CHAT, ACME)
    await smith.keys.revoke(ACME, revoked.row.id)
    smith.time += 1
    for dead in (expired, revoked):
        with pytest.raises(BadInput, match="make a new one"):
            await rotated(smith, dead)
    assert len(await smith.keys.list_keys(ACME)) == 4


async def test_when_a_successor_was_lost_the_former_key_can_be_rotated_again(smith: Locksmith) -> None:
    old = await smith.keys.create(Scope.CHAT, ACME)
    lost = await rotated(smith, old)
    await smith.keys.revoke(ACME, lost.row.id)
    again = await rotated(smith, old)
    assert again.row.expires_at is None, "not the former one's grace"
    assert again.row.line == old.row.id


async def test_the_last_admin_key_is_kept_where_that_is_asked_for(smith: Locksmith) -> None:
    first = await smith.keys.create(Scope.ADMIN, None)
    await smith.keys.create(Scope.MANAGE, ACME)
    short = await smith.keys.create(Scope.ADMIN, None, expires_at=NOON + 1)
    await smith.keys.revoke(None, (await smith.keys.create(Scope.ADMIN, None)).row.id)
    smith.time += 1
    with pytest.raises(BadInput, match="last admin key"):
        await smith.keys.revoke(None, first.row.id, keep_an_admin=True)
    assert not await smith.refuses(first.text)
    await smith.keys.revoke(None, short.row.id, keep_an_admin=True)
    second = await smith.keys.create(Scope.ADMIN, None)
    await smith.keys.revoke(None, first.row.id, keep_an_admin=True)
    await smith.keys.revoke(None, second.row.id)
    assert await smith.refuses(second.text), "whoever has the machine may"
