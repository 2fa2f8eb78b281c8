"""Which language a text is in, as far as its script and its small words tell."""

import re

from conversational_rag.rag.stopwords import ALSO_ENGLISH, STOP_WORDS

# The first that is found tells: kana stand among Chinese characters, and Farsi has letters of its own.
_SCRIPTS = (
    ("ja", re.compile("[\u3041-\u30ff]")),
    ("zh", re.compile("[\u3400-\u9fff]")),
    ("ko", re.compile("[\uac00-\ud7af]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
)
_ARABIC = re.compile("[\u0600-\u06ff]")
_FARSI = re.compile("[پچژگ\u06cc\u06a9]")
_LATIN = ("en", "de", "fr", "es", "it", "pt", "nl", "tr")
_LETTERS = (
    ("de", re.compile("[äöüß]")),
    ("tr", re.compile("[ığş]")),
    ("es", re.compile("[ñ¿¡]")),
    ("pt", re.compile("[ãõ]")),
    ("fr", re.compile("[àâçèêëîïôùûœ]")),
)
# Single letters are in every language's texts: vitamin C.
_TELLING = {language: {word for word in STOP_WORDS[language] if len(word.encode()) > 1} for language in _LATIN}
for _other in _LATIN[1:]:
    _TELLING[_other] -= ALSO_ENGLISH
_WORD = re.compile(r"[^\W\d_]+")
_MOST_CHARACTERS = 2000


def guess_language(text: str) -> str:
    """ISO 639-1; "en" when nothing tells of another, which is right for names and numbers too."""
    return told_language(text) or "en"


def told_language(text: str) -> str | None:
    """ISO 639-1; None when neither script nor words tell."""
    text = text[:_MOST_CHARACTERS].lower()
    for language, letters in _SCRIPTS:
        if letters.search(text):
            return language
    if _ARABIC.search(text):
        return "fa" if _FARSI.search(text) else "ar"
    return _guess_latin(text)


def _guess_latin(text: str) -> str | None:
    """By the number of small words, the language with the most special letters among equals, else the first."""
    found = _WORD.findall(text)
    counts = {language: sum(map(_TELLING[language].__contains__, found)) for language in _LATIN}
    most = max(counts.values())
    best = [language for language in _LATIN if counts[language] == most]
    by_letters = [language for language, letters in _LETTERS if letters.search(text) and language in best]
    return (by_letters or best)[0] if most or by_letters else None
