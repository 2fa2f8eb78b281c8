"""Secrets have no place in what is written down: keys, and whatever callers prove with who they are, are masked."""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

MASK = "***"
_NAMES = ("authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "crag_session")
# Of one of the service's own keys the id may be seen: it tells which one it was.
# Programs write some of them with `_` for `-`.
_NAMES_WITH_DASHES = frozenset(name.replace("_", "-") for name in _NAMES)
_BEGINNINGS = ("crag_", "gsk_")
_KEYS = re.compile(r"(crag_[a-z0-9]{12})_[A-Za-z0-9_-]+|\b(gsk)_\w+")
# A header and its value as HTTP, JSON, a mapping or ASGI's pairs write them, also inside another string. The value ends
# where the line does, or the string that holds it; rather too much of what stands there is masked than too little.
_HEADERS = re.compile(
    rf"""(?ix)
    \b({"|".join(_NAMES)})
    ( (?: \\?["'] )? \s* [:=] \s* (?: b?\\?["'] )?  |  \\?["'] \s* , \s* b?\\?["'] )
    (?: [^"'\\\r\n] | \\["'] )+
    """
)
# Deeper ones are left to `mask_line`.
_LEVELS = 4


def mask(text: str) -> str:
    """The text without its secrets."""
    if any(beginning in text for beginning in _BEGINNINGS):
        text = _KEYS.sub(lambda found: f"{found[1] or found[2]}_{MASK}", text)
    if _may_name_one(text):
        text = _HEADERS.sub(lambda found: f"{found[1]}{found[2]}{MASK}", text)
    return text


def _may_name_one(text: str) -> bool:
    """Most lines do not. To look is less work than the expression's, to which unusual letters may stand for usual."""
    small = text.lower()
    return not text.isascii() or any(name in small for name in _NAMES)


def mask_named(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor of a log: what a name gives away, before it is written in a form in which it could be overlooked."""
    for name, value in event.items():
        event[name] = MASK if _is_secret(name) else _masked(value, _LEVELS)
    return event


def mask_line(_logger: Any, _name: str, line: Any) -> str:
    """The last processor of a log: what is about to be written, stack traces included."""
    return mask(str(line))


def _masked(value: Any, levels: int) -> Any:
    if levels == 0:
        return value
    if isinstance(value, Mapping):
        return {name: MASK if _is_secret(name) else _masked(each, levels - 1) for name, each in value.items()}
    if type(value) in (list, tuple):
        # Two of them may be a header as ASGI has it.
        kept = (value[0], MASK) if len(value) == 2 and _is_secret(value[0]) else value
        return type(value)(_masked(each, levels - 1) for each in kept)
    return value


def _is_secret(name: Any) -> bool:
    text = name.decode("latin-1") if isinstance(name, bytes) else name
    return isinstance(text, str) and text.lower().replace("_", "-") in _NAMES_WITH_DASHES
