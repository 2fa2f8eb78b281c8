"""Answers that need not be paid for twice: the same question to the same documents, with no conversation before it."""

from collections import OrderedDict

from conversational_rag.rag.events import Answered
from conversational_rag.security.tenants import Tenant


class AnswerCache:
    """The last `size` answers of models; 0 keeps none. In memory: a restart forgets it, and nothing is lost by that.

    The time of a client's last change is part of the key, so that no answer outlives the documents it rested on.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._answers: OrderedDict[tuple[Tenant, float, str], Answered] = OrderedDict()

    def get(self, tenant: Tenant, last_modified: float, question: str) -> Answered | None:
        """What was answered to this question while the documents were as they are now."""
        key = (tenant, last_modified, _normal(question))
        if key not in self._answers:
            return None
        self._answers.move_to_end(key)
        return self._answers[key]

    def put(self, tenant: Tenant, last_modified: float, question: str, answered: Answered) -> None:
        """Keep a model's answer; a quoted one costs nothing and may be bettered, so it is not kept."""
        if answered.degraded:
            return
        self._answers[tenant, last_modified, _normal(question)] = answered
        while len(self._answers) > self._size:
            self._answers.popitem(last=False)

    def forget(self, tenant: Tenant) -> None:
        """The client has gone."""
        for key in [key for key in self._answers if key[0] == tenant]:
            del self._answers[key]


def _normal(question: str) -> str:
    """White space does not make another question; letters and signs may."""
    return " ".join(question.split())
