"""Words as questions and sentences share them: without case, accents, endings and the words that say nothing."""

import re
import unicodedata

# Small words are in every sentence and tell none apart.
_STOP_WORDS = {
    "en": "the of and to is that for with are this have from by be it as at you we which their not on or can a an in"
    " was were what who whom whose when where why how does do did i me my our your its he she they them his her there"
    " here if then than into about over under out up no yes all any some much many more most will would shall should"
    " could may might must has had been being but so please tell give show say says said s t",
    "de": "der die das und ist nicht ein eine einen einem einer eines mit von zu den dem des auf für sich im in an auch"
    " als wird werden bei oder aus nach wie was wer wann wo warum welche welcher welches sind war es er sie ich wir ihr"
    " man dass hat haben kann können muss soll sagt gibt zum zur am um so bitte mir mich",
    "fr": "le la les l un une des du de d et est que qui quoi dans pour pas sur au aux avec par ce cette ces il elle"
    " ils elles on nous vous je quel quelle quels quelles comment quand où combien sont a été être ne se sa son ses y"
    " en",
    "es": "el los las del una y por con para como más su al lo es son qué cuál cuándo dónde cómo cuánto cuántos",
    "fa": "از به در که و را این آن با است برای یک های ها می شود شده چه چیست کی کجا چرا چگونه آیا چند تا هر بر هم یا"
    " اما",
    "ar": "من في على إلى عن ما هو هي هل كم متى أين كيف لماذا هذا هذه التي الذي و أن إن لا مع كان",
}
_WORD = re.compile(r"[^\W_]+(?:[.,:/'’-](?=\d)\d+)*")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
_ENDINGS = re.compile(r"(?<=\w{3})(?:ungen|ung|ing|edly|ed|es|en|er|em|est|s|e|n|ها|های|ات|ون|ين)$")
_SAME_LETTERS: dict[int, str | None] = {
    **{ord(letter): other for letter, other in zip("يىكةأإآ’", "ییکهااا'", strict=True)},
    ord("ß"): "ss",
    ord("\u200c"): " ",  # joins parts of one Farsi word
    ord("\u0640"): None,  # stretches an Arabic word
}


def content_words(text: str) -> list[str]:
    """The stems of the words that carry meaning, in order; scripts without spaces give pairs of characters."""
    plain = _plain(text)
    words: list[str] = []
    for match in _WORD.finditer(plain):
        word = match.group()
        if _CJK.search(word):
            words += _pairs(word)
        elif word not in _PLAIN_STOP_WORDS:
            words.append(stem(word))
    return words


def stem(word: str) -> str:
    """The word without a common ending; numbers and short words stay."""
    return word if word[0].isdigit() or len(word) < 5 else _ENDINGS.sub("", word)


def is_number(word: str) -> bool:
    """Whether the word is, or begins with, a number."""
    return word[:1].isdigit()


def likeness(word: str, other: str) -> float:
    """How alike two stems are, 0 to 1: the same, or of one root by their beginning."""
    if word == other:
        return 1.0
    if word[:4] != other[:4] or is_number(word):
        return 0.0
    shared = next((i for i, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), min(len(word), len(other)))
    share = shared / max(len(word), len(other))
    return share * 0.9 if share >= 0.6 else 0.0


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.translate(_SAME_LETTERS).casefold())
    return unicodedata.normalize("NFC", "".join([c for c in decomposed if not unicodedata.combining(c)]))


def _pairs(word: str) -> list[str]:
    return [word[i : i + 2] for i in range(len(word) - 1)] or [word]


_PLAIN_STOP_WORDS = frozenset(_plain(word) for words in _STOP_WORDS.values() for word in words.split())
