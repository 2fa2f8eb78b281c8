"""The keyword index finds chunks by their words, and only those that the client may see."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from shelf import Shelf
from sqlalchemy import Connection

from conversational_rag.db import chunks, documents, keyword_index
from conversational_rag.db.keyword_index import WeightedWords
from conversational_rag.security.tenants import Tenant

ACME, BETA = Tenant("acme"), Tenant("beta")
FILLER = ["The harbour opens at dawn.", "Bread is baked at night.", "Trains leave on the hour.", "Rain fell all week."]


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    shelf = Shelf(tmp_path)
    await shelf.database.migrate()
    await shelf.put(ACME, "filler.txt", *FILLER)
    yield shelf
    await shelf.database.close()


async def search(
    shelf: Shelf, tenant: Tenant, question: Sequence[str], context: Sequence[str] = (), limit: int = 100
) -> dict[int, float]:
    return await shelf.database.read(keyword_index.search, tenant, WeightedWords(question, context, 0.1), limit)


@pytest.mark.parametrize(
    "word",
    [
        '"',
        '""',
        'nothing" OR "secret',
        'nothing"OR secret OR"',
        "secret*",
        "secr*",
        "^secret",
        "-secret",
        "text:secret",
        "text : secret",
        "{title text} : secret",
        "NEAR(secret plan, 9)",
        "secret AND",
        "NOT secret",
        "(secret",
        "secret + plan",
        "🙂",
        "",
        " ",
        "'; DROP TABLE chunks; --",
        ":query",
        "\\",
    ],
)
async def test_what_looks_like_query_syntax_is_only_text(shelf: Shelf, word: str) -> None:
    await shelf.put(ACME, "plan.txt", "The plan is kept in a drawer.", "The word secret stands here, drop it.")
    with_other = await search(shelf, ACME, [word, "drawer"])
    assert [await _text(shelf, chunk) for chunk in with_other][:1] == ["The plan is kept in a drawer."]
    # Quoted, each is at most the phrase of its words, and no text holds one with a second word.
    found = [await _text(shelf, chunk) for chunk in await search(shelf, ACME, [word])]
    phrase = "".join(c if c.isalnum() else " " for c in word).split()
    assert found == (["The word secret stands here, drop it."] if phrase == ["secret"] else [])


async def test_operators_are_words_among_others(shelf: Shelf) -> None:
    (ids,) = [await shelf.put(ACME, "words.txt", "near and far", "or not")]
    assert set(await search(shelf, ACME, ["NEAR", "AND"])) == {ids[0]}
    assert set(await search(shelf, ACME, ["OR", "NOT"])) == {ids[1]}


async def test_nothing_is_asked_and_nothing_found(shelf: Shelf) -> None:
    assert await search(shelf, ACME, []) == {}
    assert await search(shelf, ACME, ["absent"], ["missing"]) == {}
    assert await search(shelf, Tenant("nobody"), ["bread"]) == {}


async def test_another_clients_chunk_is_never_found(shelf: Shelf) -> None:
    await shelf.put(BETA, "beta.txt", "Bread is baked at night.", "A bakery for bread.")
    mine = await search(shelf, ACME, ["bread"], ["bakery", "night"])
    assert [await _text(shelf, chunk) for chunk in mine] == ["Bread is baked at night."]
    theirs = await search(shelf, BETA, ["absent"], ["dawn"])
    assert theirs == {}


@pytest.mark.parametrize("status", [documents.INDEXING, documents.DELETING])
async def test_what_is_not_ready_is_never_found_and_hides_nothing(shelf: Shelf, status: str) -> None:
    await shelf.put(ACME, "new.txt", *[f"Bread bread bread number {n}." for n in range(30)], status=status)
    found = await search(shelf, ACME, ["bread"], ["number"], limit=5)
    assert [await _text(shelf, chunk) for chunk in found] == ["Bread is baked at night."]


async def test_deleted_documents_leave_the_index(shelf: Shelf) -> None:
    await shelf.put(BETA, "beta.txt", "A bakery for bread.")
    await shelf.database.write(documents.delete_rows, BETA, ["doc_2"])
    assert await search(shelf, BETA, ["bakery"]) == {}


async def test_rare_words_and_more_of_them_come_first(shelf: Shelf) -> None:
    both, rare, common = await shelf.put(
        ACME, "trains.txt", "Trains to Oslo run late.", "A hotel in Oslo has rooms.", "Trains to Paris run late."
    )
    found = await search(shelf, ACME, ["trains", "oslo"])
    assert list(found)[:2] == [both, rare]
    assert common in found
    assert all(score > 0 for score in found.values())


async def test_the_title_is_searched_with_the_text(shelf: Shelf) -> None:
    (chunk,) = await shelf.put(ACME, "lighthouse_manual.txt", "Turn it twice a day.")
    assert list(await search(shelf, ACME, ["lighthouse"])) == [chunk]


async def test_the_context_orders_what_the_question_finds(shelf: Shelf) -> None:
    bridge, ship = await shelf.put(
        ACME, "paint.txt", "The paint of the bridge is red.", "The paint of the ship is grey."
    )
    assert list(await search(shelf, ACME, ["paint"], ["ship"]))[:2] == [ship, bridge]
    assert list(await search(shelf, ACME, ["paint"], ["bridge"]))[:2] == [bridge, ship]


async def test_the_context_weighs_less_than_the_question(shelf: Shelf) -> None:
    asked, before = await shelf.put(ACME, "both.txt", "The crane lifts steel.", "A ferry crosses daily.")
    assert list(await search(shelf, ACME, ["crane"], ["ferry"])) == [asked, before]


async def test_what_the_question_finds_keeps_what_the_context_adds_however_much_the_context_finds(shelf: Shelf) -> None:
    await shelf.put(ACME, "ferries.txt", *["The ferry crosses; the ferry is grey."] * 60)
    (crane,) = await shelf.put(
        ACME, "crane.txt", "The crane lifts a ferry, and whatever else stands in the yard by day."
    )
    alone = (await search(shelf, ACME, ["crane"], [], limit=4))[crane]
    found = await search(shelf, ACME, ["crane"], ["ferry"], limit=4)
    assert len(found) == 5
    assert found[crane] > alone
    assert next(iter(found)) == crane


async def test_the_context_is_searched_when_the_question_finds_nothing(shelf: Shelf) -> None:
    found = await search(shelf, ACME, [], ["bread"])
    assert [await _text(shelf, chunk) for chunk in found] == ["Bread is baked at night."]


async def test_no_more_than_asked_for_and_in_a_stable_order(shelf: Shelf) -> None:
    await shelf.put(ACME, "same.txt", *["The same sentence on steel."] * 8)
    found = await search(shelf, ACME, ["steel"], limit=5)
    assert len(found) == 5
    assert list(found) == sorted(found)


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ("Die Brücke über den Fluß", "brucke"),
        ("Die Brucke", "brücke"),
        ("Um café à la carte", "cafe"),
        ("Đường và cà phê", "ca"),
        ("كتاب في المكتبة القديمة", "المكتبة"),
        ("مُحَمَّدٌ في البيت", "مُحَمَّدٌ"),
        ("کتابخانه قدیمی است", "کتابخانه"),
        ("او نمی‌تواند بیاید", "نمی‌تواند"),
        ("हिन्दी में लिखा है", "हिन्दी"),
        ("Ёлка стоит", "ёлка"),
        ("It costs 3.5 per cent", "3.5"),
    ],
)
async def test_words_are_found_in_many_scripts(shelf: Shelf, stored: str, asked: str) -> None:
    (chunk, _other) = await shelf.put(ACME, "scripts.txt", stored, "5 of 3")
    assert list(await search(shelf, ACME, [asked])) == [chunk]


async def test_file_names_are_those_of_the_clients_ready_documents(shelf: Shelf) -> None:
    await shelf.put(ACME, "new.txt", "Not yet.", status=documents.INDEXING)
    await shelf.put(BETA, "beta.txt", "Other.")
    assert await shelf.database.read(keyword_index.filenames, ACME) == {"doc_1": "filler.txt"}


async def _text(shelf: Shelf, chunk_id: int) -> str:
    for tenant in (ACME, BETA):
        shown = await shelf.database.read(chunks.get, tenant, [chunk_id])
        if shown:
            return shown[chunk_id].text
    raise AssertionError(f"chunk {chunk_id} may not be seen")


async def _steps(shelf: Shelf, tenant: Tenant, word: str) -> int:
    """How many steps of SQLite's machine a search takes."""

    def count(connection: Connection) -> int:
        steps = [0]

        def one_more() -> int:
            steps[0] += 1
            return 0

        driver = connection.connection.driver_connection
        driver.set_progress_handler(one_more, 1)
        assert keyword_index.search(connection, tenant, WeightedWords([word], [], 0.5), 10)
        driver.set_progress_handler(None, 0)
        return steps[0]

    return await shelf.database.read(count)


async def test_a_word_that_all_other_clients_have_costs_no_step_for_each_of_them(shelf: Shelf) -> None:
    await shelf.put(BETA, "own.txt", "A harbour of our own.")
    alone = await _steps(shelf, BETA, "harbour")
    for number in range(20):
        await shelf.put(Tenant(f"client_{number}"), "same.txt", *["The harbour opens at dawn."] * 20)
    assert await _steps(shelf, BETA, "harbour") < alone + 20 * 20


async def test_a_clients_chunks_are_found_between_those_of_others(shelf: Shelf) -> None:
    first = await shelf.put(BETA, "first.txt", "The harbour in spring.")
    await shelf.put(ACME, "theirs.txt", "The harbour in summer.")
    last = await shelf.put(BETA, "last.txt", "The harbour in autumn.")
    assert set(await search(shelf, BETA, ["harbour"])) == {*first, *last}
