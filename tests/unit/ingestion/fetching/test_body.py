"""Bodies as they come off the wire: packed, in odd pieces, too large, to a full disk."""

import contextlib
import gzip
import hashlib
import os
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversational_rag.errors import FileTooLarge, StorageFull, UrlUnreachable
from conversational_rag.ingestion.fetching.body import Body

Landed = Callable[[], bytes | None]

TEXT = b"".join(b"Line %d of the page. " % number for number in range(4_000))


async def put(path: Path, *pieces: bytes, max_bytes: int = 10**6, gzipped: bool = True) -> Body:
    with Body(path, max_bytes, gzipped=gzipped) as body:
        for piece in pieces:
            await body.add(piece)
        await body.finish()
    return body


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


@pytest.mark.parametrize("size", [1, 7, 4096, 10**6])
@pytest.mark.parametrize("text", [b"", b"a", TEXT, bytes(700_000)], ids=["nothing", "a letter", "text", "zeros"])
async def test_a_packed_body_is_unpacked_however_it_is_cut(into: Path, landed: Landed, text: bytes, size: int) -> None:
    body = await put(into, *cut(gzip.compress(text), size))
    assert landed() == text
    assert (body.size, body.sha256) == (len(text), hashlib.sha256(text).hexdigest())


async def test_several_packed_parts_follow_one_another(into: Path, landed: Landed) -> None:
    await put(into, *cut(gzip.compress(b"one ") + gzip.compress(b"") + gzip.compress(b"two"), 5))
    assert landed() == b"one two"


async def test_unpacked_blocks_of_any_size_come_out_whole(into: Path) -> None:
    for length in range(65_536 - 3, 65_536 + 300):
        text = b"ab" * (length // 2)
        body = await put(into, gzip.compress(text))
        assert body.sha256 == hashlib.sha256(text).hexdigest(), length


@pytest.mark.parametrize("end", [1, 9, 30, 1000, -9, -8, -1])
async def test_a_packed_body_that_breaks_off_is_told(into: Path, landed: Landed, end: int) -> None:
    with pytest.raises(UrlUnreachable, match="breaks off"):
        await put(into, gzip.compress(TEXT)[:end])
    assert landed() is None


@pytest.mark.parametrize(
    "data",
    [
        b"<html>",
        zlib.compress(TEXT),
        gzip.compress(TEXT, mtime=0)[:10] + b"\xff\xff",
        gzip.compress(TEXT, mtime=0)[:-8] + b"\0" * 8,
        gzip.compress(TEXT, mtime=0) + b"and more",
    ],
)
async def test_a_damaged_packing_is_told(into: Path, landed: Landed, data: bytes) -> None:
    with pytest.raises(UrlUnreachable, match="damaged"):
        await put(into, data)
    assert landed() is None


async def test_a_bomb_costs_no_memory(into: Path, landed: Landed) -> None:
    bomb = gzip.compress(bytes(100_000_000))
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        with pytest.raises(FileTooLarge):
            await put(into, bomb, max_bytes=50_000_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - before < 1_000_000
    assert landed() is None


async def test_packed_nothing_without_end_is_too_large_as_well(into: Path) -> None:
    nothing = gzip.compress(b"") * 100
    with pytest.raises(FileTooLarge):
        await put(into, *[nothing] * 1000, max_bytes=100_000)


@pytest.mark.parametrize("gzipped", [False, True])
async def test_the_limit_is_the_last_size_that_is_taken(into: Path, landed: Landed, gzipped: bool) -> None:
    def sent(size: int) -> bytes:
        return gzip.compress(b"x" * size) if gzipped else b"x" * size

    assert (await put(into, sent(1000), max_bytes=1000, gzipped=gzipped)).size == 1000
    with pytest.raises(FileTooLarge):
        await put(into, sent(1001), max_bytes=1000, gzipped=gzipped)
    assert landed() is None


@pytest.mark.parametrize("announced", ["1001", "99999999999999999999"])
async def test_an_announcement_of_too_much_is_enough(into: Path, landed: Landed, announced: str) -> None:
    with pytest.raises(FileTooLarge), Body(into, 1000, gzipped=False) as body:
        body.expect(announced)
    assert landed() is None


async def test_other_announcements_are_not_trusted(into: Path, landed: Landed) -> None:
    with Body(into, 1000, gzipped=False) as body:
        for announced in ("", "1000", "0", "-1", "many", "²"):
            body.expect(announced)
        await body.finish()
    assert landed() == b""


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """A file on a disk that is full."""
    link = tmp_path / "full"
    link.symlink_to("/dev/full")
    return link


@pytest.mark.parametrize("size", [10, 200_000])
async def test_a_full_disk_is_told(full: Path, size: int) -> None:
    with pytest.raises(StorageFull):
        await put(full, b"x" * size, gzipped=False)
    assert names_in(full.parent) == []


@given(data=st.binary(max_size=200), text=st.binary(max_size=50))
async def test_no_packed_body_surprises(tmp_path_factory: pytest.TempPathFactory, data: bytes, text: bytes) -> None:
    into = tmp_path_factory.getbasetemp() / "packed"
    with contextlib.suppress(UrlUnreachable, FileTooLarge):
        body = await put(into, gzip.compress(text)[:10] + data, max_bytes=10_000)
        assert body.size == os.stat(into).st_size  # noqa: PTH116
