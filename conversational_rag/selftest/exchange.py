"""What is asked of a service, and what it answers, as values that can be compared."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

# They differ from answer to answer and tell nothing.
_PASSING_HEADERS = frozenset({"date", "x-request-id", "content-length"})


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, without the key; `file` is a name and its bytes, sent with the form."""

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    json: Mapping[str, Any] | None = None
    form: Mapping[str, str] = field(default_factory=dict)
    file: tuple[str, bytes] | None = None

    @property
    def changes(self) -> bool:
        """Whether it may change what is stored."""
        return self.method not in ("GET", "HEAD")


class Way(Enum):
    """Where a WebSocket's caller shows the key."""

    HEADER = "in a header"
    FRAME = "in the first frame"
    ADDRESS = "in the address"


@dataclass(frozen=True, slots=True)
class Talk:
    """One question on a WebSocket of its own."""

    path: str
    way: Way
    question: Mapping[str, Any]

    @property
    def changes(self) -> bool:
        """An answered question is stored."""
        return True


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Of a WebSocket: the refusal of its handshake, or its frames, a line each, with the status that
    the last one names (200 for an answer, 0 when there was none)."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def code(self) -> str | None:
        """The problem's code, None where there is none."""
        return self._problem.get("code")

    @property
    def parsed(self) -> Any:
        """What the JSON says; the bytes of anything else."""
        return _parsed(self.body)

    @property
    def detail(self) -> str:
        """What the problem says."""
        return str(self._problem.get("detail", "nothing that is understood"))

    @property
    def wait_seconds(self) -> float:
        """For how long a caller who asked too much is told to wait."""
        return float(self._problem.get("retry_after", 1.0))

    @property
    def _problem(self) -> Mapping[str, Any]:
        """The last line, when it is an object; else nothing."""
        last = _parsed(self.body.splitlines()[-1]) if self.body else None
        return last if isinstance(last, dict) else {}

    def find(self, marks: frozenset[str]) -> list[str]:
        """Which of the marks (small letters) stand somewhere in it."""
        text = self.body.decode(errors="replace").lower()
        whole = "\n".join((text, *self.headers.values())).lower()
        return sorted(mark for mark in marks if mark in whole)

    def comparable(self) -> tuple[object, ...]:
        """What must be the same for what is another's and for what never was: all but the request's own id."""
        lines = tuple(_without_request_id(_parsed(line)) for line in self.body.splitlines())
        return self.status, frozenset(self.headers) - _PASSING_HEADERS, lines


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body


def _without_request_id(body: Any) -> str:
    if isinstance(body, dict):
        body = {name: value for name, value in body.items() if name != "request_id"}
    return repr(body)
