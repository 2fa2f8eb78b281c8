import asyncio
from collections.abc import Sequence

from benchmarks.stream_reader import Heard, StreamReader

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


class Line(asyncio.Transport):
    """A connection that nobody reads."""

    def write(self, data: object) -> None:
        pass

    def close(self) -> None:
        pass


async def heard(reads: Sequence[bytes]) -> Heard:
    """What is heard when the answer comes in these reads."""
    reader = StreamReader(b"")
    reader.connection_made(Line())
    for data in reads:
        reader.data_received(data)
    reader.connection_lost(None)
    return reader.heard


async def test_each_read_with_words_is_a_portion_and_the_end_makes_it_whole() -> None:
    told = await heard(
        [HEAD, b"event: delta\ndata: 1\n\nevent: delta\n", b"event: delta\n", b"event: end\n", b"0\r\n\r\n"]
    )

    assert (len(told.times), len(told.gaps), told.whole, told.fault) == (2, 1, True, "")


async def test_a_name_that_two_reads_share_is_seen_once() -> None:
    told = await heard([HEAD, b"event: del", b"ta\ndata: 1\n\n", b"data: 2\n\n", b"event: e", b"nd\n"])

    assert (len(told.times), told.whole) == (1, True)


async def test_a_refusal_and_an_error_in_the_stream_are_faults() -> None:
    assert "429" in (await heard([b"HTTP/1.1 429 Too Many Requests\r\n\r\n"])).fault
    assert "error" in (await heard([HEAD, b"event: delta\n", b"event: error\n"])).fault


async def test_a_stream_that_breaks_off_is_not_whole() -> None:
    assert not (await heard([HEAD, b"event: delta\n"])).whole
