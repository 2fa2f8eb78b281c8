"""The answer without a model: the sentences of the passages that fit the question best, quoted exactly."""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from conversational_rag.llm.sentences import split_sentences
from conversational_rag.llm.words import content_words, is_number, likeness

_CONTEXT_WEIGHT = 0.25
_NUMBER_WEIGHT = 1.5
_RANK_DECAY = 0.06
_LEAD_SHARE = 0.6
_HEADING_WORDS = 5
_QUESTION_PENALTY = 0.2
_USUAL_WORDS = 30
_REPEATED_LOSS = 0.25
_LEAST_SHARE = 0.4


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence as it stands in `passages[passage]`."""

    passage: int
    text: str


@dataclass(frozen=True, slots=True)
class _Sentence:
    passage: int
    start: int
    text: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A sentence with the wanted words that it holds, by weight, and what it is worth."""

    sentence: _Sentence
    matches: Mapping[str, float]
    score: float


def extract_answer(
    question: str, passages: Sequence[str], *, context: Sequence[str] = (), max_sentences: int = 3
) -> tuple[Quote, ...]:
    """The sentences of the passages (best first) that answer the question best, in reading order.

    Words of the question count by how rare they are in the passages, numbers more, words of the `context` (former
    questions) less. Where no word fits, the first sentences of the best passage. () without any text.
    """
    sentences = _sentences(passages)
    candidates = _candidates(sentences, _wanted(question, context, sentences))
    chosen = _choose(candidates, max_sentences) or _opening(sentences, max_sentences)
    return tuple(Quote(one.passage, one.text) for one in sorted(chosen, key=lambda one: (one.passage, one.start)))


def render(quotes: Iterable[Quote]) -> str:
    """Each quote on a line of its own, in quotation marks, with the number of its passage from 1."""
    return "\n".join(f"“{quote.text}” [{quote.passage + 1}]" for quote in quotes)


def _sentences(passages: Sequence[str]) -> list[_Sentence]:
    """Every sentence once: overlapping passages share some."""
    found: dict[str, _Sentence] = {}
    for number, passage in enumerate(passages):
        for start, end in split_sentences(passage):
            text = passage[start:end]
            if any(character.isalnum() for character in text):
                key = " ".join(text.casefold().split())
                found.setdefault(key, _Sentence(number, start, text, tuple(content_words(text))))
    return list(found.values())


def _wanted(question: str, context: Sequence[str], sentences: Sequence[_Sentence]) -> dict[str, float]:
    """The words to look for, each with its weight."""
    weights = {word: _CONTEXT_WEIGHT for text in context for word in content_words(text)}
    weights |= dict.fromkeys(content_words(question), 1.0)
    frequency = Counter(word for sentence in sentences for word in set(sentence.words))
    return {word: weight * _rarity(word, frequency, len(sentences)) for word, weight in weights.items()}


def _rarity(word: str, frequency: Counter[str], total: int) -> float:
    alike = max((count for other, count in frequency.items() if likeness(word, other)), default=0)
    rarity = math.log(1 + (total + 1) / (alike + 1))
    return rarity * _NUMBER_WEIGHT if is_number(word) else rarity


def _candidates(sentences: Sequence[_Sentence], wanted: Mapping[str, float]) -> list[_Candidate]:
    candidates: list[_Candidate] = []
    promised, passage = 0.0, None
    for sentence in sentences:
        matches = _matches(sentence, wanted)
        # A heading or a question is followed by what it promises.
        score = sum(matches.values()) + (promised if sentence.passage == passage else 0.0)
        promised, passage = (_LEAD_SHARE * score if _leads(sentence) else 0.0), sentence.passage
        candidates.append(_Candidate(sentence, matches, score * _prior(sentence)))
    return [candidate for candidate in candidates if candidate.score > 0]


def _matches(sentence: _Sentence, wanted: Mapping[str, float]) -> dict[str, float]:
    best = {word: max((likeness(word, other) for other in sentence.words), default=0.0) for word in wanted}
    return {word: share * wanted[word] for word, share in best.items() if share}


def _prior(sentence: _Sentence) -> float:
    length = max(1.0, len(sentence.words) / _USUAL_WORDS)
    penalty = _QUESTION_PENALTY if _leads(sentence) else 1.0
    return penalty / (1 + _RANK_DECAY * sentence.passage) / length


def _leads(sentence: _Sentence) -> bool:
    """Whether the sentence only leads to the next one: a question, a heading, an announcement."""
    text = sentence.text
    if text.endswith(("?", "؟", "？", ":", "：")):
        return True
    if text.endswith((".", "!", "。", "！", "۔", "।", "…")) or any(mark in text for mark in "|\t:"):
        return False
    return len(sentence.words) <= _HEADING_WORDS and not any(map(is_number, sentence.words[1:]))


def _choose(candidates: Sequence[_Candidate], most: int) -> list[_Sentence]:
    """The best sentence, then those that add most to what is chosen, as long as they add enough."""
    left = list(candidates)
    enough = _LEAST_SHARE * max((candidate.score for candidate in left), default=0.0)
    chosen: list[_Sentence] = []
    said: set[str] = set()
    while left and len(chosen) < most:
        best = max(left, key=lambda candidate: _worth(candidate, said))
        if _worth(best, said) < enough:
            break
        chosen.append(best.sentence)
        said.update(best.matches)
        left.remove(best)
    return chosen


def _worth(candidate: _Candidate, said: Collection[str]) -> float:
    """The score, less for a sentence whose words are matched already."""
    total = sum(candidate.matches.values())
    repeated = sum(weight for word, weight in candidate.matches.items() if word in said)
    return candidate.score * (1 - _REPEATED_LOSS * repeated / total) if total else candidate.score


def _opening(sentences: Sequence[_Sentence], most: int) -> list[_Sentence]:
    """The first sentence, and the next one when the first is only a heading."""
    opening = [sentence for sentence in sentences if sentence.passage == (sentences[0].passage)]
    return opening[: max(0, min(most, 2 if opening and _leads(opening[0]) else 1))]
