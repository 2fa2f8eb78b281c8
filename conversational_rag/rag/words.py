"""Words: what of a text the keyword index is asked for."""

import re
import unicodedata

from conversational_rag.rag.stopwords import STOP_WORDS

_MARKS = "".join(chr(code) for code in range(0x300, 0xFE30) if unicodedata.category(chr(code))[0] == "M")
# Letters and digits with the marks that some scripts write vowels with; the points of 3.5 and 10,000 are inside a word.
_WORD = re.compile(rf"[^\W_](?:[^\W_]|[{_MARKS}]|(?<=\d)[.,](?=\d))*")


def words(text: str) -> list[str]:
    """Each word once, lower-case, in the order of the text."""
    return list(dict.fromkeys(_WORD.findall(unicodedata.normalize("NFC", text).lower())))


def content_words(text: str) -> list[str]:
    """Each word once, without those that say nothing."""
    return [word for word in words(text) if word not in STOP_WORDS]
