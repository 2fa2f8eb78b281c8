"""Sign-ins of browsers: they begin with a key, and end with it or before it."""

import pytest
from locksmith import ACME, DAY, HOUR, NOON, Locksmith
from sqlalchemy import Connection, text

from conversational_rag.db import clients
from conversational_rag.errors import Unauthenticated
from conversational_rag.security.keys import new_key
from conversational_rag.security.principals import Principal, Scope


def count(connection: Connection) -> int:
    rows: int = connection.execute(text("SELECT count(*) FROM sign_ins")).scalar_one()
    return rows


async def test_a_token_stands_for_the_key_it_was_given_for(smith: Locksmith) -> None:
    made = await smith.keys.create(Scope.MANAGE, ACME)
    begun = await smith.sign_ins.begin(made.text)
    assert begun.expires_at == NOON + 12 * HOUR
    assert begun.principal == Principal(Scope.MANAGE, ACME, made.row.id, made.row.line)
    assert await smith.sign_ins.authenticate(begun.token) == begun.principal
    assert begun.token not in repr(begun)
    smith.time += 12 * HOUR
    assert await smith.ends(begun.token)


async def test_the_database_holds_no_token(smith: Locksmith) -> None:
    made = await smith.keys.create(Scope.CHAT, ACME)
    begun = await smith.sign_ins.begin(made.text)
    await smith.database.compact()
    assert begun.token.encode() not in smith.database.path.read_bytes()


async def test_without_a_live_key_nobody_signs_in(smith: Locksmith) -> None:
    revoked = await smith.keys.create(Scope.CHAT, ACME)
    await smith.keys.revoke(ACME, revoked.row.id)
    for text_shown in ("", "no key", new_key().text, revoked.text):
        with pytest.raises(Unauthenticated):
            await smith.sign_ins.begin(text_shown)
    assert await smith.database.read(count) == 0


@pytest.mark.parametrize("token", ["", "no token", "x" * 43, "ä", "\udcff", "x" * 100_000])
async def test_what_is_no_token_is_refused_and_can_be_ended(smith: Locksmith, token: str) -> None:
    assert await smith.ends(token)
    await smith.sign_ins.end(token)


async def test_a_sign_in_ends_when_it_is_ended_and_no_other_with_it(smith: Locksmith) -> None:
    made = await smith.keys.create(Scope.CHAT, ACME)
    one, other = await smith.sign_ins.begin(made.text), await smith.sign_ins.begin(made.text)
    await smith.sign_ins.end(one.token)
    assert await smith.ends(one.token)
    assert not await smith.ends(other.token)
    assert await smith.keys.authenticate(made.text) == one.principal


async def test_a_sign_in_ends_with_its_key(smith: Locksmith) -> None:
    made = await smith.keys.create(Scope.CHAT, ACME)
    begun = await smith.sign_ins.begin(made.text)
    await smith.keys.revoke(None, made.row.id)
    assert await smith.ends(begun.token)
    assert await smith.database.read(count) == 0


async def test_a_sign_in_never_outlives_its_key(smith: Locksmith) -> None:
    short = await smith.keys.create(Scope.CHAT, ACME, expires_at=NOON + HOUR)
    begun = await smith.sign_ins.begin(short.text)
    assert begun.expires_at == NOON + HOUR
    old = await smith.keys.create(Scope.CHAT, ACME)
    before = await smith.sign_ins.begin(old.text)
    smith.time += 1
    await smith.keys.rotate(ACME, old.row.id, HOUR)
    smith.time += HOUR - 1
    assert await smith.ends(begun.token)
    assert not await smith.ends(before.token)
    smith.time += 1
    assert await smith.ends(before.token), "the key's time was cut short after the sign-in"


async def test_a_client_that_is_being_deleted_has_no_sign_ins(smith: Locksmith) -> None:
    made = await smith.keys.create(Scope.MANAGE, ACME)
    begun = await smith.sign_ins.begin(made.text)
    await smith.database.write(clients.mark_deleting, ACME)
    assert await smith.ends(begun.token)
    await smith.database.write(clients.delete_rows, ACME)
    assert await smith.database.read(count) == 0


async def test_what_a_browser_does_counts_as_a_use_of_the_key(smith: Locksmith) -> None:
    made = await smith.keys.create(Scope.CHAT, ACME)
    begun = await smith.sign_ins.begin(made.text)
    smith.time += HOUR
    await smith.sign_ins.authenticate(begun.token)
    await smith.keys.store_uses()
    assert (await smith.keys.find(ACME, made.row.id)).last_used_at == NOON + HOUR


async def test_the_upkeep_forgets_what_has_ended(smith: Locksmith) -> None:
    made = await smith.keys.create(Scope.CHAT, ACME)
    await smith.sign_ins.begin(made.text)
    smith.time += 6 * HOUR
    later = await smith.sign_ins.begin(made.text)
    assert await smith.sign_ins.cleanup() == 0
    smith.time = NOON + 12 * HOUR
    assert await smith.sign_ins.cleanup() == 1
    assert not await smith.ends(later.token)
    smith.time += DAY
    assert await smith.sign_ins.cleanup() == 1
