"""Frames: what is written is read, and half a frame is noticed."""

import asyncio
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversational_rag.concurrency.frames import Frame, read_frame, read_frame_blocking

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
_FRAMES = st.builds(Frame, st.dictionaries(st.text(), _JSON, max_size=4), st.binary(max_size=200))


def _stream(data: bytes) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return reader


@given(st.lists(_FRAMES, max_size=3))
def test_frames_read_one_after_the_other_are_those_that_were_written(frames: list[Frame]) -> None:
    pipe = io.BytesIO(b"".join(frame.encode() for frame in frames))
    assert [read_frame_blocking(pipe) for _ in frames] == frames
    assert read_frame_blocking(pipe) is None


@given(_FRAMES)
def test_both_sides_read_the_same(frame: Frame) -> None:
    async def read() -> Frame:
        return await read_frame(_stream(frame.encode()))

    assert asyncio.run(read()) == frame == read_frame_blocking(io.BytesIO(frame.encode()))


@pytest.mark.parametrize("kept", [0, 5, 8, 12, -1])
async def test_a_frame_that_breaks_off_is_never_taken_for_a_whole_one(kept: int) -> None:
    data = Frame({"method": "echo"}, b"payload").encode()[:kept]
    assert read_frame_blocking(io.BytesIO(data)) is None
    with pytest.raises(asyncio.IncompleteReadError):
        await read_frame(_stream(data))


async def test_a_header_that_is_no_json_is_a_value_error() -> None:
    data = Frame({"a": 1}).encode().replace(b'{"a":1}', b"{'a':1}")
    with pytest.raises(json.JSONDecodeError):
        await read_frame(_stream(data))
