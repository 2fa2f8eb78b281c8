"""The keyword index: chunks by their words, scored with bm25 by SQLite's FTS5. Triggers keep it in step with `chunks`.

What a user wrote never reaches FTS5's query syntax: words are quoted one by one.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest

from sqlalchemy import Connection, bindparam, select, text

from conversational_rag.db.documents import DELETING, EMBEDDING, INDEXING, READY
from conversational_rag.db.prepared import Prepared
from conversational_rag.db.spelling import is_beginning
from conversational_rag.db.tables import chunks, documents
from conversational_rag.security.tenants import Tenant

# Whose a match is stands in the covering index (client_id, id); the rows themselves, with text and vector, are large.
# A client's ids lie close together: from the first to the last, the matches of most others are never looked at.
_RANK = """
    SELECT words.rowid, -bm25(chunk_words) AS score
    FROM chunk_words AS words CROSS JOIN chunks INDEXED BY ix_chunks_client_id
    WHERE chunk_words MATCH :query AND chunks.client_id = :client AND chunks.id = words.rowid
      AND words.rowid >= (SELECT min(id) FROM chunks WHERE client_id = :client)
      AND words.rowid <= (SELECT max(id) FROM chunks WHERE client_id = :client)
      AND words.rowid NOT IN (
        SELECT hidden.id FROM documents JOIN chunks AS hidden ON hidden.document_id = documents.id
        WHERE documents.client_id = :client AND documents.status IN (:embedding, :indexing, :deleting))
    ORDER BY {first}score DESC, words.rowid LIMIT :limit"""
# The + keeps SQLite from starting a search of its own for every id. They come as one JSON array: with a parameter for
# each the statement would be another one for each number of them.
_RANK_ALL = Prepared(text(_RANK.format(first="")))
_RANK_BESIDE = Prepared(text(_RANK.format(first="+words.rowid IN (SELECT value FROM json_each(:ids)) DESC, ")))
_RESCORE = Prepared(
    text("""
    SELECT words.rowid, -bm25(chunk_words) AS score FROM chunk_words AS words
    WHERE chunk_words MATCH :query AND words.rowid BETWEEN :first AND :last
      AND +words.rowid IN (SELECT value FROM json_each(:ids))""")
)
_FILENAMES = select(documents.c.id, documents.c.filename).where(
    documents.c.client_id == bindparam("client"), documents.c.status == READY
)


# How SQLite's documentation says to tell that a merge has come to its end.
_MERGE = text("INSERT INTO chunk_words(chunk_words, rank) VALUES ('merge', :pages)")
_CHANGES = text("SELECT total_changes()")
_CHANGES_OF_NOTHING = 1
_PARTS = text("SELECT count(DISTINCT segid) FROM chunk_words_idx")
_ANY = select(chunks.c.id).limit(1)
_EMPTY = text("INSERT INTO chunk_words(chunk_words) VALUES ('delete-all')")


@dataclass(frozen=True, slots=True)
class WeightedWords:
    """Words that count fully, words that count `context_weight` of it, and beginnings of words that count fully."""

    question: Sequence[str]
    context: Sequence[str]
    context_weight: float
    beginnings: Sequence[str] = ()


def search(connection: Connection, tenant: Tenant, words: WeightedWords, limit: int) -> dict[int, float]:
    """The chunks of the client's ready documents that hold the words best: score (above 0) by chunk id, best first.

    The `limit` best for the question, reordered by the context. When the question finds fewer than half as many, the
    best for the context join them, so at most 1.5 * limit are returned.
    """
    scores = _rank(connection, tenant, _any_of(words.question, words.beginnings), limit)
    if len(scores) < limit / 2:
        light = _rank_beside(connection, tenant, _any_of(words.context), scores, limit)
        best = nlargest(limit, light, key=light.__getitem__)
        scores = {**dict.fromkeys(best, 0.0), **scores}
    else:
        light = _rescore(connection, _any_of(words.context), _any_of(words.question, words.beginnings), scores)
    total = {chunk_id: score + words.context_weight * light.get(chunk_id, 0.0) for chunk_id, score in scores.items()}
    return dict(sorted(total.items(), key=lambda item: (-item[1], item[0])))


def filenames(connection: Connection, tenant: Tenant) -> dict[str, str]:
    """The names of the client's ready documents by document id."""
    return dict(connection.execute(_FILENAMES, {"client": tenant.client_id}).all())


def count_parts(connection: Connection) -> int:
    """In how many parts the index lies, in each of which a word is looked up: uploads add some, FTS5 merges a few.

    In one part 1,000 chunks are searched in 1.7 instead of 2.4 ms, 57,000 in 19 instead of 24.
    """
    parts: int = connection.execute(_PARTS).scalar_one()
    return parts


def purge_some(connection: Connection, pages: int, *, anew: bool) -> bool:
    """Rewrite `pages` of the index as one part, without the words of deleted chunks; whether more is left to do.

    FTS5 only marks what is deleted: it stays on the disk until its part of the index is merged. `anew` begins a round,
    in which all of it is. 32 pages take the writer some milliseconds, more where most of what they stand for is gone;
    the whole at once a second for 100,000 chunks.
    """
    if connection.execute(_ANY).first() is None:
        connection.execute(_EMPTY)
        return False
    before = connection.execute(_CHANGES).scalar_one()
    connection.execute(_MERGE, {"pages": -pages if anew else pages})
    changed: int = connection.execute(_CHANGES).scalar_one() - before
    return changed > _CHANGES_OF_NOTHING


def _rank(connection: Connection, tenant: Tenant, query: str, limit: int) -> dict[int, float]:
    """The best for the query, best first."""
    if not query:
        return {}
    return dict(_RANK_ALL.rows(connection, {**_shown(tenant), "query": query, "limit": limit}))


def _rank_beside(
    connection: Connection, tenant: Tenant, query: str, found: Collection[int], limit: int
) -> dict[int, float]:
    """The best for the query, and before them those of the found chunks that hold any of its words."""
    if not query:
        return {}
    values = {**_shown(tenant), "query": query, "ids": json.dumps(list(found)), "limit": limit + len(found)}
    return dict(_RANK_BESIDE.rows(connection, values))


def _shown(tenant: Tenant) -> dict[str, str]:
    return {"client": tenant.client_id, "embedding": EMBEDDING, "indexing": INDEXING, "deleting": DELETING}


def _rescore(connection: Connection, query: str, found_by: str, scores: Mapping[int, float]) -> dict[int, float]:
    """The bm25 for the query of these chunks only, whose `scores` are those for `found_by`.

    Both are asked for together: so FTS5 looks at the chunks that `found_by` matches, and not at the many more that hold
    any word of a long query. bm25 is a sum over the words; what is known of it is taken off.
    """
    if not query or not scores:
        return {}
    among = {"ids": json.dumps(list(scores)), "first": min(scores), "last": max(scores)}
    rows = _RESCORE.rows(connection, {**among, "query": f"({found_by}) AND ({query})"})
    return {chunk_id: score - scores[chunk_id] for chunk_id, score in rows}


def _any_of(words: Sequence[str], beginnings: Sequence[str] = ()) -> str:
    """Each as an FTS5 string: inside the quotes nothing is syntax but the quote, which is doubled."""
    asked = [_quoted(word) + ("*" if is_beginning(word) else "") for word in words]
    return " OR ".join([*asked, *(f"{_quoted(word)}*" for word in beginnings)])


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'
