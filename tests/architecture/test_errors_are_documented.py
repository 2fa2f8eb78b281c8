"""Every error code stands in docs/errors.md with its status, and nothing else does."""

import re
from pathlib import Path

from conversational_rag.errors import ModelError, ServiceError, StartError

DOCUMENT = Path(__file__).parents[2] / "docs/errors.md"


def family(kind: type[ServiceError]) -> list[type[ServiceError]]:
    return [kind, *(below for child in kind.__subclasses__() for below in family(child))]


def seen_by_callers() -> list[type[ServiceError]]:
    return [kind for kind in family(ServiceError) if not issubclass(kind, StartError)]


def test_every_code_is_documented_with_its_status() -> None:
    import conversational_rag.vectorstores.base  # noqa: F401 errors that live beside what raises them

    rows = re.findall(r"^\| `([a-z_]+)` \| (\d{3}) \| ", DOCUMENT.read_text(), re.MULTILINE)
    assert sorted(rows) == sorted({(kind.code, str(kind.status)) for kind in seen_by_callers()})


def test_every_error_says_what_to_do_and_none_shows_a_traceback() -> None:
    for kind in seen_by_callers():
        detail = kind().detail
        assert detail
        assert "\n" not in detail
        assert "Traceback" not in detail


def test_codes_are_not_used_twice_in_different_ways() -> None:
    by_code: dict[str, set[int]] = {}
    for kind in seen_by_callers():
        by_code.setdefault(kind.code, set()).add(kind.status)
    assert all(len(statuses) == 1 for statuses in by_code.values())
    assert issubclass(ModelError, ServiceError)
