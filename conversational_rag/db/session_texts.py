"""What a search for sessions looks through: their titles and messages, folded once, when they are stored.

The database itself knows the cases of ASCII alone, and the rows of `messages` are long: most of one are its sources.
What `fold` gives stands in the database: a change of it needs a migration that fills the table anew.
"""

import unicodedata

from sqlalchemy import ColumnElement, Connection, bindparam, delete, exists, func, insert

from conversational_rag.db.prepared import Prepared
from conversational_rag.db.tables import session_texts, sessions

# Stands for the title where others have the id of a message.
TITLE = 0

_ADD = Prepared(insert(session_texts), ("session_id", "message_id", "text"))
_FORGET_TITLE = delete(session_texts).where(
    session_texts.c.session_id == bindparam("session"), session_texts.c.message_id == TITLE
)


def fold(text: str) -> str:
    """The text as it is compared: without cases, in one spelling of accents, with single blanks."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def add(connection: Connection, session_id: str, message_id: int, text: str) -> None:
    """Let a new message, or the TITLE of a new session, be found."""
    _ADD.run(connection, {"session_id": session_id, "message_id": message_id, "text": fold(text)})


def set_title(connection: Connection, session_id: str, title: str) -> None:
    """From now on the session is found by this title."""
    connection.execute(_FORGET_TITLE, {"session": session_id})
    add(connection, session_id, TITLE, title)


def holds_words() -> ColumnElement[bool]:
    """Whether a row of `sessions` is one whose title or messages hold the parameter `words`, which is folded.

    `instr` is SQLite's; PostgreSQL calls it `strpos`. LIKE would take a second for a text that is made for it.
    """
    found = func.instr(session_texts.c.text, bindparam("words")) > 0
    return exists().where(session_texts.c.session_id == sessions.c.session_id, found)
