"""Keys: who is let in, who sees and makes which, and what is remembered of their use."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from locksmith import ACME, GLOBEX, HOUR, NOON, PEPPER, Locksmith, with_another_secret
from sqlalchemy import Connection, Engine, event, text

from conversational_rag.db import clients
from conversational_rag.db.engine import Database
from conversational_rag.errors import BadInput, ClientNotFound, DatabaseUnavailable, KeyNotFound, Unauthenticated
from conversational_rag.security.keys import new_key, parse
from conversational_rag.security.principals import Principal, Scope
from conversational_rag.services.keys import Keys


async def test_a_key_tells_whose_it_is_and_how_far_it_reaches(smith: Locksmith) -> None:
    chat = await smith.keys.create(Scope.CHAT, ACME, "phone")
    admin = await smith.keys.create(Scope.ADMIN, None)
    assert await smith.keys.authenticate(chat.text) == Principal(Scope.CHAT, ACME, chat.row.id, chat.row.id)
    assert await smith.keys.authenticate(admin.text) == Principal(Scope.ADMIN, None, admin.row.id, admin.row.id)


async def test_whatever_is_wrong_with_a_key_the_answer_is_the_same(smith: Locksmith) -> None:
    good = await smith.keys.create(Scope.MANAGE, ACME)
    expired = await smith.keys.create(Scope.MANAGE, ACME, expires_at=NOON + 1)
    revoked = await smith.keys.create(Scope.MANAGE, ACME)
    await smith.keys.revoke(ACME, revoked.row.id)
    of_one_that_goes = await smith.keys.create(Scope.MANAGE, GLOBEX)
    await smith.database.write(clients.mark_deleting, GLOBEX)
    smith.time += 1
    told = []
    for wrong in (
        "",
        "no key",
        new_key().text,
        with_another_secret(good.text),
        expired.text,
        revoked.text,
        of_one_that_goes.text,
    ):
        with pytest.raises(Unauthenticated) as refusal:
            await smith.keys.authenticate(wrong)
        told.append((refusal.value.detail, refusal.value.extensions))
    assert told == [(Unauthenticated().detail, {})] * 7
    assert not await smith.refuses(good.text)


@contextmanager
def work_done() -> Iterator[list[str]]:
    """The statements that are sent to any database, and the digests made and compared in this thread, in order."""
    done: list[str] = []

    def note_statement(*sent: Any) -> None:
        done.append(sent[2])

    def note_call(_frame: Any, what: str, called: Any) -> None:
        if what == "c_call" and getattr(called, "__name__", "") in ("hmac_digest", "compare_digest"):
            done.append(called.__name__)

    event.listen(Engine, "before_cursor_execute", note_statement)
    sys.setprofile(note_call)
    try:
        yield done
    finally:
        sys.setprofile(None)
        event.remove(Engine, "before_cursor_execute", note_statement)


async def refusal_of(smith: Locksmith, text: str) -> list[str]:
    with work_done() as done:
        assert await smith.refuses(text)
    return done


async def test_an_unknown_id_costs_the_same_work_as_a_wrong_secret(smith: Locksmith) -> None:
    good = await smith.keys.create(Scope.CHAT, ACME)
    expired = await smith.keys.create(Scope.CHAT, ACME, expires_at=NOON + 1)
    revoked = await smith.keys.create(Scope.ADMIN, None)
    await smith.keys.revoke(None, revoked.row.id)
    smith.time += 2
    wrong_secret = await refusal_of(smith, with_another_secret(good.text))
    assert [step for step in wrong_secret if step.islower()] == ["hmac_digest", "compare_digest"]
    assert len([step for step in wrong_secret if step.startswith("SELECT")]) == 1, "one read a request"
    for other in (new_key().text, expired.text, revoked.text):
        assert await refusal_of(smith, other) == wrong_secret


async def test_the_database_holds_no_secret_and_without_the_pepper_proves_none(smith: Locksmith) -> None:
    made = await smith.keys.create(Scope.ADMIN, None)
    key = parse(made.text)
    assert key is not None
    await smith.database.compact()
    assert key.id.encode() in smith.database.path.read_bytes()
    assert key.secret.encode() not in smith.database.path.read_bytes()
    with pytest.raises(Unauthenticated):
        await Keys(smith.database, b"another pepper", lambda: NOON).authenticate(made.text)


async def test_a_new_key_that_is_printed_does_not_show_its_secret(smith: Locksmith) -> None:
    made = await smith.keys.create(Scope.ADMIN, None)
    assert made.text not in repr(made)
    assert made.text[-20:] not in repr(made)


@pytest.mark.parametrize(
    ("scope", "tenant", "more"),
    [
        (Scope.ADMIN, ACME, {}),
        (Scope.MANAGE, None, {}),
        (Scope.CHAT, None, {}),
        (Scope.CHAT, ACME, {"expires_at": NOON}),
        (Scope.CHAT, ACME, {"name": "x" * 101}),
        (Scope.CHAT, ACME, {"name": "\x1b[2Jred"}),
        (Scope.CHAT, ACME, {"name": "two\nlines"}),
    ],
)
async def test_keys_that_make_no_sense_are_not_made(
    smith: Locksmith, scope: Scope, tenant: Any, more: dict[str, Any]
) -> None:
    with pytest.raises(BadInput):
        await smith.keys.create(scope, tenant, **more)
    assert await smith.keys.list_keys(None) == []


async def test_a_key_is_made_only_for_a_client_that_is_there(smith: Locksmith) -> None:
    await smith.database.write(clients.mark_deleting, GLOBEX)
    for tenant in (GLOBEX, type(ACME)("nobody")):
        with pytest.raises(ClientNotFound, match=tenant.client_id):
            await smith.keys.create(Scope.CHAT, tenant)


async def test_a_client_sees_and_ends_only_its_own_keys(smith: Locksmith) -> None:
    admin = await smith.keys.create(Scope.ADMIN, None)
    smith.time += 1
    acme = await smith.keys.create(Scope.MANAGE, ACME)
    smith.time += 1
    globex = await smith.keys.create(Scope.CHAT, GLOBEX)
    assert [row.id for row in await smith.keys.list_keys(None)] == [globex.row.id, acme.row.id, admin.row.id]
    assert await smith.keys.list_keys(ACME) == [acme.row]
    for foreign in (globex.row.id, admin.row.id, "nokeyatall00"):
        with pytest.raises(KeyNotFound):
            await smith.keys.revoke(ACME, foreign)
        with pytest.raises(KeyNotFound):
            await smith.keys.rotate(ACME, foreign)
        with pytest.raises(KeyNotFound):
            await smith.keys.find(ACME, foreign)
    assert not await smith.refuses(globex.text)
    assert not await smith.refuses(admin.text)
    assert (await smith.keys.revoke(None, globex.row.id)).revoked_at == smith.time


async def test_the_keys_of_a_client_go_with_it(smith: Locksmith) -> None:
    made = await smith.keys.create(Scope.MANAGE, ACME)
    await smith.database.write(clients.mark_deleting, ACME)
    assert await smith.keys.list_keys(None) == []
    with pytest.raises(KeyNotFound):
        await smith.keys.revoke(None, made.row.id)
    await smith.database.write(clients.delete_rows, ACME)
    await smith.database.write(clients.create, ACME, "model", NOON)
    assert await smith.refuses(made.text), "whoever has the name next is somebody else"


async def test_the_first_admin_key_is_made_once(smith: Locksmith) -> None:
    await smith.keys.create(Scope.MANAGE, ACME)
    first = await smith.keys.create_first_admin_key()
    assert first is not None
    assert (await smith.keys.authenticate(first.text)).scope is Scope.ADMIN
    assert await smith.keys.create_first_admin_key() is None
    await smith.keys.revoke(None, first.row.id)
    assert await smith.keys.create_first_admin_key() is None, "a stop and a start give nobody a key that was taken away"


def last_use(connection: Connection, key_id: str) -> float | None:
    used: float | None = connection.execute(
        text("SELECT last_used_at FROM keys WHERE id = :id"), {"id": key_id}
    ).scalar_one()
    return used


async def test_the_last_use_is_written_in_one_go(smith: Locksmith) -> None:
    made = [await smith.keys.create(Scope.CHAT, ACME) for _ in range(3)]
    for key in made[:2]:
        smith.time += 1
        await smith.keys.authenticate(key.text)
    assert await smith.refuses(with_another_secret(made[2].text))
    assert [row.last_used_at for row in await smith.keys.list_keys(ACME)] == [None] * 3
    with work_done() as done:
        await smith.keys.store_uses()
    assert len([step for step in done if step.startswith("UPDATE")]) == 1
    uses = {row.id: row.last_used_at for row in await smith.keys.list_keys(ACME)}
    assert uses == {made[0].row.id: NOON + 1, made[1].row.id: NOON + 2, made[2].row.id: None}
    with work_done() as done:
        await smith.keys.store_uses()
    assert done == [], "nothing new, nothing to write"


def rename(connection: Connection, former: str, name: str) -> None:
    connection.execute(text(f"ALTER TABLE {former} RENAME TO {name}"))


async def test_a_use_that_could_not_be_written_is_written_the_next_time(smith: Locksmith) -> None:
    made = await smith.keys.create(Scope.CHAT, ACME)
    await smith.keys.authenticate(made.text)
    await smith.database.write(rename, "keys", "hidden")
    with pytest.raises(DatabaseUnavailable):
        await smith.keys.store_uses()
    await smith.database.write(rename, "hidden", "keys")
    await smith.keys.store_uses()
    assert await smith.database.read(last_use, made.row.id) == NOON


async def test_a_use_that_was_seen_elsewhere_later_is_not_taken_back(smith: Locksmith, tmp_path: Path) -> None:
    made = await smith.keys.create(Scope.CHAT, ACME)
    await smith.keys.authenticate(made.text)
    beside = Database(tmp_path / "sessions.db")
    later = Keys(beside, PEPPER, lambda: NOON + HOUR)
    await later.authenticate(made.text)
    await later.store_uses()
    await beside.close()
    await smith.keys.store_uses()
    assert await smith.database.read(last_use, made.row.id) == NOON + HOUR


SITE = "https://www.example.org"


async def test_a_key_for_web_pages_says_of_which_and_so_does_its_successor(smith: Locksmith) -> None:
    wanted = ["https://WWW.example.org:443", SITE, "http://localhost:8000", "http://[::1]:3000"]
    made = await smith.keys.create(Scope.CHAT, ACME, origins=wanted)
    origins = (SITE, "http://localhost:8000", "http://[::1]:3000")
    assert made.row.origins == origins
    assert await smith.keys.authenticate(made.text) == Principal(Scope.CHAT, ACME, made.row.id, made.row.line, origins)
    successor = await smith.keys.rotate(ACME, made.row.id)
    assert (successor.row.origins, successor.row.line) == (origins, made.row.line)
    assert {row.origins for row in await smith.keys.list_keys(ACME)} == {origins}


async def test_a_key_that_everybody_can_read_does_no_more_than_chat(smith: Locksmith) -> None:
    for scope, tenant in ((Scope.MANAGE, ACME), (Scope.ADMIN, None)):
        with pytest.raises(BadInput, match="scope `chat`"):
            await smith.keys.create(scope, tenant, origins=[SITE])


@pytest.mark.parametrize(
    "wrong",
    [
        "*",
        "null",
        "www.example.org",
        f"{SITE}/",
        f"{SITE}/page",
        f"{SITE}\n",
        f"{SITE} https://evil.example",
        f"{SITE}; script-src *",
        "https://*.example.org",
        "javascript://a",
        "",
    ],
)
async def test_what_is_no_origin_gets_into_no_header(smith: Locksmith, wrong: str) -> None:
    with pytest.raises(BadInput, match="is no origin"):
        await smith.keys.create(Scope.CHAT, ACME, origins=[SITE, wrong])


async def test_a_key_has_so_many_origins_and_no_more(smith: Locksmith) -> None:
    many = [f"https://{number}.example.org" for number in range(21)]
    assert len((await smith.keys.create(Scope.CHAT, ACME, origins=many[:20])).row.origins) == 20
    with pytest.raises(BadInput, match="up to 20 origins"):
        await smith.keys.create(Scope.CHAT, ACME, origins=many)


async def test_a_widget_is_found_by_its_key_while_that_lives(smith: Locksmith) -> None:
    private = await smith.keys.create(Scope.CHAT, ACME)
    revoked = await smith.keys.create(Scope.CHAT, ACME, origins=[SITE])
    await smith.keys.revoke(ACME, revoked.row.id)
    public = await smith.keys.create(Scope.CHAT, ACME, expires_at=NOON + HOUR, origins=[SITE])
    found = [await smith.keys.find_public(key.row.id) for key in (private, revoked, public)]
    assert found == [None, None, public.row]
    assert await smith.keys.find_public("nokeyatall00") is None
    smith.time += HOUR
    assert await smith.keys.find_public(public.row.id) is None
