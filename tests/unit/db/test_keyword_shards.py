"""Each client's words are in one shard of the keyword index, the one that Python and SQL reckon alike."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from shelf import Shelf
from sqlalchemy import Connection, create_engine, text

from conversational_rag.db import chunks, documents, keyword_index, keyword_shards, migrations
from conversational_rag.db.keyword_index import WeightedWords
from conversational_rag.security.tenants import Tenant, new_client_id

WORDS = WeightedWords(["harbour"], [], 0.5)


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    shelf = Shelf(tmp_path)
    await shelf.database.migrate()
    yield shelf
    await shelf.database.close()


def taken_in(connection: Connection) -> dict[int, int]:
    """How many chunks each shard knows, but for those that know none."""
    counts = {
        shard: connection.execute(text(f"SELECT count(*) FROM {keyword_shards.table(shard)}_docsize")).scalar_one()
        for shard in keyword_shards.SHARDS
    }
    return {shard: count for shard, count in counts.items() if count}


def shown(connection: Connection) -> dict[int, int]:
    counts = {
        shard: connection.execute(text(f"SELECT count(*) FROM {keyword_shards.chunks_view(shard)}")).scalar_one()
        for shard in keyword_shards.SHARDS
    }
    return {shard: count for shard, count in counts.items() if count}


async def test_python_and_sql_agree_where_a_client_belongs(shelf: Shelf) -> None:
    tenants = [new_client_id() for _ in range(60)] + ["abc", "a_-", "-_Z", "team-19", "x" * 64]
    for number, client_id in enumerate(tenants):
        tenant = Tenant(client_id)
        await shelf.put(tenant, f"{number}.txt", "The harbour opens at dawn.")
        assert len(await shelf.database.read(keyword_index.search, tenant, WORDS, 10)) == 1
    expected: dict[int, int] = {}
    for client_id in tenants:
        shard = keyword_shards.shard_of(Tenant(client_id))
        expected[shard] = expected.get(shard, 0) + 1
    assert await shelf.database.read(taken_in) == await shelf.database.read(shown) == expected
    assert len(expected) > 8, "clients spread over the shards"
    assert await shelf.database.read(keyword_shards.unmatched) == []
    assert await shelf.database.write(keyword_shards.are_sound)


async def test_what_clients_of_other_shards_have_does_not_touch_a_score(shelf: Shelf) -> None:
    mine, others = Tenant("team-10"), Tenant("team-11")
    assert keyword_shards.shard_of(mine) != keyword_shards.shard_of(others)
    await shelf.put(mine, "own.txt", "The harbour opens at dawn.", "The lighthouse is white.", "Tulips in October.")
    before = await shelf.database.read(keyword_index.search, mine, WORDS, 10)
    await shelf.put(others, "theirs.txt", *["The harbour opens at dawn."] * 50)
    assert await shelf.database.read(keyword_index.search, mine, WORDS, 10) == before


async def test_words_that_are_missing_or_too_many_are_found_and_mended(shelf: Shelf) -> None:
    tenant = Tenant("acme")
    ids = await shelf.put(tenant, "own.txt", "The harbour opens at dawn.", "The lighthouse is white.")
    table = keyword_shards.table(keyword_shards.shard_of(tenant))

    def spoil(connection: Connection) -> None:
        connection.execute(text(f"INSERT INTO {table}({table}) VALUES ('delete-all')"))
        stray = f"INSERT INTO {table}(rowid, title, text, words) VALUES (999, '', 'stray', '')"
        connection.execute(text(stray))

    await shelf.database.write(spoil)
    assert await shelf.database.read(keyword_shards.unmatched) == [*ids, 999]
    assert not await shelf.database.write(keyword_shards.are_sound)
    await shelf.database.write(keyword_shards.rebuild)
    assert await shelf.database.read(keyword_shards.unmatched) == []
    assert await shelf.database.write(keyword_shards.are_sound)
    assert set(await shelf.database.read(keyword_index.search, tenant, WORDS, 10)) == {ids[0]}


async def test_the_index_of_a_former_version_is_taken_over_and_can_go_back(shelf: Shelf) -> None:
    tenants = [Tenant(f"team-{number}") for number in range(12)]
    ids = [await shelf.put(tenant, "own.txt", "The harbour opens at dawn.") for tenant in tenants]
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    engine = create_engine(f"sqlite:///{shelf.database.path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0011")
        found = connection.execute(text("SELECT rowid FROM chunk_words WHERE chunk_words MATCH 'harbour'")).scalars()
        assert sorted(found) == sorted(chunk_id for (chunk_id,) in ids)
        connection.execute(text("INSERT INTO erasures DEFAULT VALUES"))
        command.upgrade(config, "head")
    engine.dispose()
    for tenant, (chunk_id,) in zip(tenants, ids, strict=True):
        assert set(await shelf.database.read(keyword_index.search, tenant, WORDS, 10)) == {chunk_id}
    await shelf.database.write(lambda connection: documents.delete_rows(connection, tenants[0], ["doc_1"]))
    assert await shelf.database.read(keyword_index.search, tenants[0], WORDS, 10) == {}
    assert await shelf.database.write(keyword_shards.are_sound)
    assert await shelf.database.read(chunks.get, tenants[1], ids[1])
