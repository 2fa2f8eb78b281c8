"""Kinds of fields that several requests share."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from conversational_rag.security.tenants import CLIENT_ID_PATTERN

MAX_MESSAGE_CHARACTERS = 8000
MAX_ANSWER_CHARACTERS = 32_000
SESSION_ID_PATTERN = r"^[A-Za-z0-9_\-.:]{1,128}$"
_ALLOWED_CONTROLS = "\t\n\r"


def without_controls(text: str) -> str:
    """Raises ValueError: control characters and broken surrogates cannot be stored, searched or shown."""
    # What can be printed is neither; looking at each character of a long text takes a millisecond.
    if not text.isprintable() and any(
        unicodedata.category(char) in ("Cc", "Cs") and char not in _ALLOWED_CONTROLS for char in text
    ):
        raise ValueError("contains control characters or broken Unicode; remove them")
    return text


def on_one_line(text: str) -> str:
    """Raises ValueError for what would not stand on one line."""
    if len(text.splitlines()) > 1 or "\t" in text:
        raise ValueError("has several lines or tabs; write it on one line")
    return without_controls(text)


ClientId = Annotated[str, StringConstraints(pattern=CLIENT_ID_PATTERN)]
SessionId = Annotated[str, StringConstraints(pattern=SESSION_ID_PATTERN)]
Message = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_MESSAGE_CHARACTERS, strip_whitespace=True),
    AfterValidator(without_controls),
]
Answer = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_ANSWER_CHARACTERS, strip_whitespace=True),
    AfterValidator(without_controls),
]
