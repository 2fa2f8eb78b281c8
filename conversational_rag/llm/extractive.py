"""The answer without a model: the sentences of the passages that fit the question best, quoted exactly."""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

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
# A question with fewer of its words in a sentence and none so near is not answered; docs/retrieval.md has the figures.
_ENOUGH_WORDS, _NEAR = 0.3, 0.3


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

    @property
    def text(self) -> str:
        """The sentence's."""
        return self.sentence.text


class Extraction:
    """The sentences of passages (best first) that may answer a question, weighed by their words.

    Words of the question count by how rare they are in the passages, numbers more, words of the `context` (former
    questions) less.
    """

    def __init__(self, question: str, passages: Sequence[str], context: Sequence[str] = ()) -> None:
        self._sentences = _sentences(passages)
        self._wanted = _wanted(question, context, self._sentences)
        self._candidates = _candidates(self._sentences, self._wanted)

    def to_compare(self, most: int = 12) -> tuple[str, ...]:
        """What is worth comparing with the question by meaning: the best by words, or the first where no word fits."""
        best = sorted(self._candidates, key=lambda candidate: -candidate.score)[:most]
        return tuple(each.text for each in best or self._sentences[:most]) if self._wanted else ()

    def quotes(self, similarities: Mapping[str, float] | None = None, max_sentences: int = 3) -> tuple[Quote, ...]:
        """The best sentences, in reading order; () when none answers.

        With `similarities`, the cosines of those `to_compare` to the question, meaning counts as much as words, and
        where too few words fit, one must be near enough. A question without a word that carries meaning is answered
        by the beginning of the best passage.
        """
        chosen = self._chosen(similarities, max_sentences)
        return tuple(Quote(one.passage, one.text) for one in sorted(chosen, key=lambda one: (one.passage, one.start)))

    def _chosen(self, similarities: Mapping[str, float] | None, most: int) -> list[_Sentence]:
        if not self._wanted:
            return _opening(self._sentences, most)
        if similarities is None:
            return _choose(self._candidates, most)
        if not self._fits(similarities):
            return []
        if not self._candidates:
            return _nearest(self._sentences, similarities)[:most]
        return _choose(_by_both(self._candidates, similarities), most)

    def _fits(self, similarities: Mapping[str, float]) -> bool:
        """Whether any sentence holds enough of the words, or is near enough."""
        best = max((sum(candidate.matches.values()) for candidate in self._candidates), default=0.0)
        return best >= _ENOUGH_WORDS * sum(self._wanted.values()) or max(similarities.values(), default=0.0) >= _NEAR


def extract_answer(
    question: str, passages: Sequence[str], *, context: Sequence[str] = (), max_sentences: int = 3
) -> tuple[Quote, ...]:
    """The sentences of the passages that answer the question best by their words, in reading order."""
    return Extraction(question, passages, context).quotes(max_sentences=max_sentences)


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


def _by_both(candidates: Sequence[_Candidate], similarities: Mapping[str, float]) -> list[_Candidate]:
    """Those whose similarity is known, worth as much by words as by meaning, each on a scale up to 1."""
    known = [each for each in candidates if each.text in similarities]
    most = max(each.score for each in known)
    nearest = max(max(0.0, similarities[each.text]) for each in known) or 1.0
    return [replace(each, score=each.score / most + max(0.0, similarities[each.text]) / nearest) for each in known]


def _nearest(sentences: Sequence[_Sentence], similarities: Mapping[str, float]) -> list[_Sentence]:
    """The one sentence that is nearest."""
    return [max((each for each in sentences if each.text in similarities), key=lambda each: similarities[each.text])]


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
