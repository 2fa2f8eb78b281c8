"""Web pages, tables, data, rich text and messages through the whole reader: its child process and its limits."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from files.markup_makers import make_eml, make_html, make_rtf

from conversational_rag.errors import BadInput, NoText, ParsingLimit, UnreadableFile
from conversational_rag.ingestion.loaders.base import Kind
from conversational_rag.ingestion.pipeline import Reader

pytestmark = pytest.mark.asyncio(loop_scope="module")
Place = Callable[[bytes, str], Path]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def reader() -> AsyncIterator[Reader]:
    reader = Reader(60, 512 * 2**20)
    yield reader
    await reader.close()


@pytest.mark.parametrize(
    ("filename", "data", "kind", "text"),
    [
        ("a.html", make_html("<h1>Fees</h1>870"), Kind.HTML, "Fees\n\n870"),
        ("a.csv", b"berth,fee\nnorth,870\n", Kind.CSV, "berth: north; fee: 870"),
        ("a.tsv", b"berth\tfee\nnorth\t870\n", Kind.CSV, "berth: north; fee: 870"),
        ("a.json", b'{"north": {"fee": 870}}', Kind.JSON, "north.fee: 870"),
        ("a.jsonl", b'{"fee": 870}\n{"fee": 900}\n', Kind.JSON, "fee: 870\n\nfee: 900"),
        ("a.rtf", make_rtf(r"Fees\par 870"), Kind.RTF, "Fees\n\n870"),
        ("a.eml", make_eml(b"870", {"Subject": "Fees"}), Kind.EML, "Subject: Fees\n\n870"),
    ],
)
async def test_each_kind_is_read_in_the_child(
    reader: Reader, place: Place, filename: str, data: bytes, kind: Kind, text: str
) -> None:
    parsed = await reader.read(place(data, "upload"), filename, 1000, 200)
    assert parsed.kind is kind
    assert parsed.page_count is None
    assert [chunk.text for chunk in parsed.chunks] == [text]


@pytest.mark.parametrize(
    ("filename", "data", "error"),
    [
        ("a.html", make_html("<script>x</script>"), NoText),
        ("a.json", b"[" * 100_000, ParsingLimit),
        ("a.json", b"{'a': 1}", UnreadableFile),
        ("a.rtf", b"{\\rtf1" + b"{" * 100_000, ParsingLimit),
        ("a.eml", b"no headers\n\nat all", UnreadableFile),
        ("a.csv", b",,\n,,\n", NoText),
    ],
)
async def test_each_refusal_of_the_child_arrives(
    reader: Reader, place: Place, filename: str, data: bytes, error: type[BadInput]
) -> None:
    with pytest.raises(error):
        await reader.read(place(data, "upload"), filename, 1000, 200)
