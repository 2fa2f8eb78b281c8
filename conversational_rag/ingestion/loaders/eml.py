"""EML: a page for each message, the ones forwarded inside it behind it."""

import email.errors
from collections.abc import Sequence
from pathlib import Path

from conversational_rag.errors import NoText, ParsingLimit, UnreadableFile
from conversational_rag.ingestion.error_tables import ErrorTable, means, translated
from conversational_rag.ingestion.formats.mail import Letter, read_letters
from conversational_rag.ingestion.limits import Limits
from conversational_rag.ingestion.loaders.base import Kind, LoadedDocument, Page
from conversational_rag.ingestion.text.lines import one_line
from conversational_rag.ingestion.text.source import read_bytes

ERRORS: ErrorTable = {
    RecursionError: means(ParsingLimit, "The message is nested too deeply to be read; save its parts one by one."),
    **{error: means(UnreadableFile) for error in (email.errors.MessageError, email.errors.MessageDefect)},
    # What the email package lets through for broken headers.
    **{error: means(UnreadableFile) for error in (AttributeError, LookupError, TypeError, ValueError)},
}
_MOST_NAMES = 10


def load(path: Path, limits: Limits) -> LoadedDocument:
    """Subject, sender, receivers and date first, then the text; `place` names the subject, a note what is attached.

    Raises UnreadableFile, EncryptedFile, NoText, ParsingLimit.
    """
    with translated(ERRORS):
        letters = read_letters(read_bytes(path, limits), limits)
    pages = tuple(Page(None, letter.text, _place(letter)) for letter in letters if letter.text)
    if not pages:
        raise NoText("The message holds no text.")
    return LoadedDocument(Kind.EML, pages, notes=_notes([name for letter in letters for name in letter.attachments]))


def _place(letter: Letter) -> str | None:
    return f"message {one_line(letter.subject)}" if letter.subject else None


def _notes(attachments: Sequence[str]) -> tuple[str, ...]:
    if not attachments:
        return ()
    names = ", ".join(map(one_line, attachments[:_MOST_NAMES])) + (", …" if len(attachments) > _MOST_NAMES else "")
    what = "1 attachment was" if len(attachments) == 1 else f"{len(attachments)} attachments were"
    return (f"{what} not read ({names}): upload what you want to ask about as a file of its own.",)
