"""A search finds what a question of a conversation would."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from shelf import Shelf

from conversational_rag.db.clients import ClientRow
from conversational_rag.embedding.recent import RecentVectors
from conversational_rag.errors import ClientNotFound
from conversational_rag.rag.conversation import Turn
from conversational_rag.security.tenants import Tenant
from conversational_rag.services.search import Search, conversation

ACME = Tenant("acme")
BRIDGE = "The Lowgate bridge was painted in sea green by its keepers."
FERRY = "The ferry was painted in white after the storm."
ASKED = ("Who keeps the Lowgate bridge?", "The Lowgate bridge has two keepers, who live beside it.")


class OneClient:
    """ACME is there, nobody else."""

    async def wait_until_searchable(self, tenant: Tenant) -> None:
        pass

    async def require_searchable(self, tenant: Tenant) -> ClientRow:
        if tenant != ACME:
            raise ClientNotFound
        return ClientRow(tenant, 0.0, "words", None, index_dirty=False)


@pytest.fixture
async def search(tmp_path: Path) -> AsyncIterator[Search]:
    shelf = Shelf(tmp_path)
    await shelf.database.migrate()
    await shelf.put(ACME, "places.txt", FERRY, BRIDGE)
    vectors = RecentVectors(shelf.pool)
    yield Search(OneClient(), lambda client: shelf.library(client.tenant), vectors)  # type: ignore[arg-type]
    await shelf.database.close()


async def texts(search: Search, query: str, *exchanges: tuple[str, str], limit: int = 10) -> list[str]:
    found = await search.find(ACME, query, conversation(exchanges), limit)
    return [passage.text for passage in found]


def test_exchanges_become_turns_in_their_order() -> None:
    assert conversation([ASKED, ("And?", "So.")]) == (Turn(0, *ASKED), Turn(0, "And?", "So."))


async def test_the_history_lights_a_follow_up(search: Search) -> None:
    assert await texts(search, "And what is it painted in?") == [FERRY, BRIDGE]
    assert await texts(search, "And what is it painted in?", ASKED) == [BRIDGE, FERRY]


async def test_small_talk_does_not_push_what_was_said_out_of_sight(search: Search) -> None:
    thanks = [("Thanks!", "You are welcome.")] * 3
    assert await texts(search, "And what is it painted in?", ASKED, *thanks) == [BRIDGE, FERRY]


async def test_no_more_than_the_limit_are_found(search: Search) -> None:
    assert await texts(search, "painted", limit=1) == (await texts(search, "painted"))[:1]


async def test_a_client_that_is_not_there_is_told_so(search: Search) -> None:
    with pytest.raises(ClientNotFound):
        await search.find(Tenant("nobody"), "bridge", (), 10)
