"""Titles: what a session is called as long as nobody has given it a name.

What `automatic` gives stands in `session_texts`: a change of it needs a migration that fills the titles there anew.
"""

MOST_CHARACTERS = 80
_ELLIPSIS = "…"


def automatic(question: str) -> str:
    """The question on one line of at most 80 characters; cut between words where it has such near the end."""
    line = " ".join(question.split())
    if len(line) <= MOST_CHARACTERS:
        return line
    cut = line[: MOST_CHARACTERS - len(_ELLIPSIS)]
    words = cut if line[len(cut)] == " " else cut.rpartition(" ")[0]
    return (words if len(words) > MOST_CHARACTERS // 2 else cut).rstrip() + _ELLIPSIS
