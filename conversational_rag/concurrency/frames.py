"""Frames: how a parent and its child process talk over a pipe.

A frame is two big-endian 32-bit lengths, a JSON header and a binary payload. JSON and not pickle, because one
of the children reads hostile files and must not be able to run code in the parent.
"""

import json
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:  # a child does not need it: 3 MB
    import asyncio

_LENGTHS = struct.Struct("!II")


@dataclass(frozen=True, slots=True)
class Frame:
    """One message: what can be said in JSON, and raw bytes (vectors) beside it."""

    header: dict[str, Any]
    payload: bytes = field(default=b"", repr=False)

    def encode(self) -> bytes:
        """The frame as it goes through the pipe."""
        header = json.dumps(self.header, ensure_ascii=True, separators=(",", ":")).encode()
        return _LENGTHS.pack(len(header), len(self.payload)) + header + self.payload


async def read_frame(stream: "asyncio.StreamReader") -> Frame:
    """The next frame; asyncio.IncompleteReadError when the other side has gone."""
    header_length, payload_length = _LENGTHS.unpack(await stream.readexactly(_LENGTHS.size))
    header = json.loads((await stream.readexactly(header_length)).decode())
    return Frame(header, await stream.readexactly(payload_length))


def read_frame_blocking(stream: BinaryIO) -> Frame | None:
    """The next frame, None when the other side has gone."""
    lengths = stream.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    header_length, payload_length = _LENGTHS.unpack(lengths)
    header, payload = stream.read(header_length), stream.read(payload_length)
    if len(header) < header_length or len(payload) < payload_length:
        return None
    return Frame(json.loads(header), payload)
