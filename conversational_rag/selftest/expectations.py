"""What each caller must be answered, worked out from the table of permissions and from four rules, and nothing else."""

from enum import Enum

from conversational_rag.security.permissions import Permission
from conversational_rag.security.principals import Scope
from conversational_rag.selftest.callers import Caller, Side
from conversational_rag.selftest.exchange import Answer


class About(Enum):
    """What a request is about, which decides who is in reach of it."""

    NOTHING = "-"
    OWN = "own"
    CLIENT = "client"
    SESSION = "session"
    # Not who calls counts, but whose key the body holds.
    SHOWN_KEY = "key"
    # A key where none is looked for.
    NO_KEY = "no key"


class Outcome(Enum):
    """How a request may end; the value is what stands in the matrix."""

    GRANTED = "2xx"
    UNAUTHENTICATED = "401"
    FORBIDDEN = "403"
    NOT_FOUND = "404"


def expected(permission: Permission, about: About, caller: Caller) -> Outcome:
    """Dead keys and none: 401. A narrow one: 403. What is another's, like what is not there: 404. The rest: granted."""
    if about is About.NO_KEY:
        return Outcome.UNAUTHENTICATED
    if about is About.SHOWN_KEY:
        return Outcome.UNAUTHENTICATED if caller.scope is None else Outcome.GRANTED
    if permission.scope is None:
        return Outcome.GRANTED
    if caller.scope is None:
        return Outcome.UNAUTHENTICATED
    if not caller.scope.includes(permission.scope):
        return Outcome.FORBIDDEN
    return Outcome.GRANTED if _is_in_reach(about, caller) else Outcome.NOT_FOUND


def _is_in_reach(about: About, caller: Caller) -> bool:
    if about in (About.NOTHING, About.OWN) or caller.is_admin:
        return True
    if caller.side is not Side.OWNER:
        return False
    return about is About.CLIENT or caller.scope is Scope.MANAGE or caller.began


def shows_wrong_key(about: About, caller: Caller) -> bool:
    """Whether a request shows a key that opens nothing: whoever does that often is told to wait."""
    return caller.is_dead or (about is About.SHOWN_KEY and caller.scope is None)


def differs(
    outcome: Outcome, answer: Answer, *, wrong_key: bool = False, also_granted: frozenset[str] = frozenset()
) -> str | None:
    """In what an answer is not what it must be, None when it is.

    `also_granted` are the codes of errors that only those see who were let in.
    """
    if answer.status == 0 or answer.status >= 500:
        return f"the service broke: {answer.status}"
    if outcome is Outcome.GRANTED:
        return None if _is_granted(answer, also_granted) else f"refused with {answer.status} {answer.code}"
    if outcome is Outcome.UNAUTHENTICATED:
        return _differs_from_401(answer, wrong_key)
    if answer.status != int(outcome.value):
        return f"answered with {answer.status} instead of {outcome.value}"
    if outcome is Outcome.FORBIDDEN and answer.code != "forbidden":
        return f"403 for another reason than the scope: {answer.code}"
    return None


def _is_granted(answer: Answer, also_granted: frozenset[str]) -> bool:
    return 200 <= answer.status < 300 or answer.code in also_granted


def _differs_from_401(answer: Answer, wrong_key: bool) -> str | None:
    # Whoever has shown many wrong keys is told to wait; a right one would have been let in.
    if wrong_key and answer.status == 429 and answer.code == "too_many_requests":
        return None
    if answer.status != 401:
        return f"answered with {answer.status} instead of 401"
    # A frame has no headers.
    if answer.headers and not answer.headers.get("www-authenticate", "").startswith("Bearer"):
        return "401 without WWW-Authenticate"
    return None
