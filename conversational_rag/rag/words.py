"""Words: what of a text the keyword index is asked for."""

import re
import unicodedata
from collections.abc import Sequence

from conversational_rag.db.spelling import WORD, asked_words
from conversational_rag.rag.languages import guess_language
from conversational_rag.rag.stopwords import ENDINGS, SMALL_SYLLABLES, STOP_WORDS

_SHORTEST_BEGINNING = 4
_WRITTEN_OUT = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ae": "ä", "oe": "ö", "ue": "ü", "ss": "ß"}
_UMLAUT = re.compile("[äöüß]")
# Not before another vowel or at the end, as in queen and value.
_WRITTEN_OUT_UMLAUT = re.compile(r"[aou]e(?=[^\Waeiouy])|ss")


def words(text: str) -> list[str]:
    """Each word once, as the keyword index knows it, in the order of the text."""
    found = WORD.findall(unicodedata.normalize("NFC", text))
    return list(dict.fromkeys(form for word in found for form in asked_words(word)))


def content_words(text: str) -> list[str]:
    """Each word once, without those that say nothing in the language of the text."""
    language = guess_language(text)
    if language in SMALL_SYLLABLES:
        text = SMALL_SYLLABLES[language].sub(" ", text)
    small = small_words(language)
    return [word for word in words(text) if word not in small]


def small_words(language: str) -> frozenset[str]:
    """The words that say nothing in this language, as `words` gives them."""
    return STOP_WORDS.get(language, frozenset())


def other_spellings(text: str) -> list[str]:
    """Words with ä, ö, ü, ß as ae, oe, ue, ss; and the other way round in German, and where a name may be meant."""
    language = guess_language(text)
    known = {*words(text), *small_words(language)}
    found = [word for word in WORD.findall(unicodedata.normalize("NFC", text)) if word.lower() in known]
    spelt = [_UMLAUT.sub(_other_spelling, word.lower()) for word in found]
    spelt += [
        _WRITTEN_OUT_UMLAUT.sub(_other_spelling, word.lower())
        for word in found
        if (language == "de" or word[0].isupper()) and word.lower() not in small_words(language)
    ]
    return [word for word in dict.fromkeys(spelt) if word not in known]


def beginnings(asked: Sequence[str], language: str) -> list[str]:
    """What forms and compounds of these words begin with in their language; English has a stemmer."""
    if language not in ENDINGS:
        return []
    return [ENDINGS[language].sub("", word) for word in asked if len(word) >= _SHORTEST_BEGINNING and word.isalpha()]


def _other_spelling(match: re.Match[str]) -> str:
    return _WRITTEN_OUT[match.group()]
