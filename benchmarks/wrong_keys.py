"""Whether the time of a refusal tells what is wrong with a key: unknown ids, wrong secrets, expired and revoked keys.

    python benchmarks/wrong_keys.py [--rounds 4000] [--keys 10000]

The kinds take turns, so that whatever else the machine does falls on all of them. In-process: the network would only
blur what is measured here.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from pathlib import Path

from conversational_rag.db import keys as rows
from conversational_rag.db.engine import Connection, Database
from conversational_rag.db.keys import KeyRow
from conversational_rag.errors import Unauthenticated
from conversational_rag.security.keys import Key, digest, new_key
from conversational_rag.security.principals import Scope
from conversational_rag.services.keys import Keys

PEPPER = b"a pepper of the benchmark"
NOW = 1_800_000_000.0


def store(connection: Connection, made: list[Key]) -> None:
    """A third of the keys is live, a third expired, a third revoked."""
    for number, key in enumerate(made):
        end = NOW - 1 if number % 3 == 1 else None
        row = KeyRow(key.id, None, Scope.ADMIN, "", key.id, NOW - 10, end)
        rows.insert_new(connection, row, digest(PEPPER, key.id, key.secret))
        if number % 3 == 2:
            rows.revoke(connection, key.id, NOW - 1)


def wrong(kind: str, made: list[Key]) -> str:
    """A key that is refused for that reason."""
    other = new_key()
    if kind == "unknown id":
        return other.text
    pick = random.randrange(len(made) // 3) * 3
    if kind == "wrong secret":
        return Key(made[pick].id, other.secret).text
    return made[pick + (1 if kind == "expired" else 2)].text


async def refusal_microseconds(keys: Keys, text: str) -> float:
    """How long the refusal takes."""
    begun = time.perf_counter()
    try:
        await keys.authenticate(text)
    except Unauthenticated:
        return (time.perf_counter() - begun) * 1e6
    raise AssertionError("it was let in")


async def main(rounds: int, count: int) -> None:
    """Measure, and print the spread of each kind."""
    kinds = ("unknown id", "wrong secret", "expired", "revoked")
    took: dict[str, list[float]] = {kind: [] for kind in kinds}
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder) / "sessions.db")
        await database.migrate()
        made = [new_key() for _ in range(count)]
        await database.write(store, made)
        keys = Keys(database, PEPPER, lambda: NOW)
        for _ in range(rounds):
            for kind in random.sample(kinds, len(kinds)):
                took[kind].append(await refusal_microseconds(keys, wrong(kind, made)))
        await database.close()
    print(f"{'microseconds':14}{'5 %':>8}{'25 %':>8}{'median':>8}{'75 %':>8}{'95 %':>8}")
    for kind in kinds:
        cuts = statistics.quantiles(took[kind], n=20)
        print(f"{kind:14}" + "".join(f"{cuts[at]:8.1f}" for at in (0, 4, 9, 14, 18)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=4000)
    parser.add_argument("--keys", type=int, default=10_000)
    arguments = parser.parse_args()
    asyncio.run(main(arguments.rounds, arguments.keys))
