"""Keys in an answer: the provider's and this service's own are masked, whoever's they are and wherever they stand.

A document may hold one, and its owner finds it among the sources; but an answer is copied, logged and sent on.
"""

import re

from conversational_rag.rag.runs import MASK, Runs

# Of a key that was cut short, so much is a secret as well. One key may stand behind another without a gap.
_KEY = re.compile(r"(gsk_)(?:(?!gsk_|crag_)[A-Za-z0-9]){16,}|(crag_)[a-z0-9]{12}_[A-Za-z0-9_-]{16,}")


def mask_keys(text: str) -> str:
    """The text with nothing but the beginning of each key."""
    return _KEY.sub(lambda key: f"{key[1] or key[2]}{MASK}", text)


class Keys(Runs):
    """A filter that masks the keys of an answer."""

    ends, reach = ("_", "_"), 6
    beginning = re.compile(r"gsk_|crag_")
    characters = re.compile(r"[A-Za-z0-9_-]*")

    def judge(self, begun: str, run: str) -> tuple[str, str]:
        """The run without keys; another may begin within it."""
        return mask_keys(begun + run).removeprefix(begun), ""
