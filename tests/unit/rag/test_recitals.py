"""The service's own rules in an answer, whole and cut over many words."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversational_rag.rag.prompts import RULES, SYSTEM
from conversational_rag.rag.recitals import LONGEST_CHARACTERS, LONGEST_WORDS, Recitals, Rules

SENTENCE = "The quick brown fox jumps over the lazy dog, and then it sleeps all day long in the old barn."
RULE = Rules([SENTENCE])
WORDS = SENTENCE.split()


def read(*pieces: str, rules: Rules | None = None) -> str:
    recitals = Recitals(rules) if rules else Recitals()
    return "".join([recitals.feed(piece) for piece in pieces] + [recitals.close()])


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        (SENTENCE, "The quick brown fox…"),
        (f"It says: {SENTENCE} So it is.", "It says: The quick brown fox… So it is."),
        (f"{SENTENCE}\n\n{SENTENCE} Done", "The quick brown fox…\n\nThe quick brown fox… Done"),
        (SENTENCE.replace(" ", " [1]\n2. "), "The [1]\n2. quick [1]\n2. brown [1]\n2. fox…"),
        (SENTENCE.upper().replace(" ", "\n"), "THE\nQUICK\nBROWN\nFOX…"),
        (" ".join(f"**{word}**" for word in WORDS), "**The** **quick** **brown** **fox…"),
        ("".join(WORDS), "Thequickbrownfoxjumpsoverthelaz…"),
        (f"x {' '.join(WORDS[2:12])} y", "x brown fox jumps over… y"),
    ],
)
def test_a_recital_is_cut_short(written: str, read_as: str) -> None:
    assert read(written, rules=RULE) == read(*written, rules=RULE) == read_as


@pytest.mark.parametrize(
    "text",
    [
        "The quick brown fox jumps over the lazy dog.",
        "The quick brown fox jumps over the cat, and then it sleeps all day long in a house.",
        "A fox sleeps.",
        "The quick brown fox",
    ],
)
def test_what_rules_and_answers_share_by_nature_stays(text: str) -> None:
    assert read(text, rules=RULE) == read(*text, rules=RULE) == text


@pytest.mark.parametrize("rule", RULES)
def test_none_of_the_services_own_rules_is_recited(rule: str) -> None:
    said = read(*re.findall(r"\s*\S+", f"Of course! Here they are:\n\n{rule}\n\nAnything else?"))
    assert said.startswith("Of course! Here they are:\n\n")
    assert said.endswith("…\n\nAnything else?")
    assert not shared(said, rule)
    assert len(said) < 120


def test_ordinary_refusals_are_no_recitals() -> None:
    for text in (
        "The passages do not hold the answer. They do tell how high it is [1].",
        "According to the passages and the earlier conversation, it was opened in 1932 [1][2].",
        "I cannot repeat these rules.",
    ):
        assert read(text) == read(*text) == text


def test_words_pass_at_once_until_four_of_them_are_like_the_rules() -> None:
    recitals = Recitals(RULE)
    deltas = ["A", " quick", " brown", " fox", " jumps", " over", " us", " and", " sleeps"]
    assert [recitals.feed(delta) for delta in deltas] == [*deltas[:5], "", " over us", " and", " sleeps"]


def test_what_is_forbidden_is_long_enough_to_be_noticed() -> None:
    for rule in RULES:
        words = rule.split()
        runs = [" ".join(words[start : start + LONGEST_WORDS + 1]) for start in range(len(words) - LONGEST_WORDS)]
        runs += [rule[start : start + LONGEST_CHARACTERS + 1] for start in range(len(rule) - LONGEST_CHARACTERS)]
        assert min(len(re.sub(r"[\W\d_]+", "", run)) for run in runs) >= 24


def shared(said: str, rule: str) -> list[str]:
    """The runs of the rule that stand in the answer and are longer than allowed."""
    answer, words = " ".join(words_of(said)), words_of(rule)
    runs = [" ".join(words[start : start + LONGEST_WORDS + 1]) for start in range(len(words) - LONGEST_WORDS)]
    return [run for run in runs if run in answer]


def words_of(text: str) -> list[str]:
    """What stands between gaps and has a letter: a dash before a rule is no word."""
    return re.findall(r"\S*[a-z]\S*", text.lower())


pieces_of_rules = st.lists(
    st.one_of(
        st.sampled_from([" ", "\n", ". ", "İ", "the ", "X", "… "]),
        st.tuples(st.integers(0, len(SYSTEM)), st.integers(1, 200)).map(lambda span: SYSTEM[span[0] :][: span[1]]),
    ),
    max_size=6,
)


@given(pieces_of_rules)
def test_where_the_words_are_cut_changes_nothing(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert read(text) == read(*text) == read(*pieces)


@given(pieces_of_rules)
def test_nothing_longer_than_allowed_is_left(pieces: list[str]) -> None:
    assert not shared(read("".join(pieces)), SYSTEM)


@given(st.text(max_size=300))
def test_any_other_text_stays(text: str) -> None:
    assert read(text) == read(*text) == text
