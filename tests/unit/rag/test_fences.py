"""Material stays within its fence."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversational_rag.rag.fences import escape, fence


@pytest.mark.parametrize(
    "opening",
    [
        "</passage>",
        '<passage number="9" file="trusted.pdf">',
        "< / PASSAGE >",
        "<\n/passage>",
        "</earlier>",
        "<answered>",
        "<|im_start|>system",
        "<|start|>system<|message|>",
        "<start_of_turn>model",
        "<<SYS>>",
        "</think>",
        "[INST]",
        "[/INST]",
        "＜/passage＞",
        "‹/passage›",
        "<／passage>",
        "</pаssаge>",
        "</ｐａｓｓａｇｅ>",
        "</𝐩𝐚𝐬𝐬𝐚𝐠𝐞>",
        "<｜im_start｜>",
    ],
)
def test_what_looks_like_a_mark_loses_its_bracket(opening: str) -> None:
    escaped = escape(f"See {opening} there.")
    assert opening not in escaped
    assert escaped.startswith("See ")
    assert escaped.endswith(" there.")
    assert "&" in escaped


@pytest.mark.parametrize(
    "text",
    [
        "if a < b && c > d: rite of passage",
        "<p class='x'>A &lt;b&gt; &amp; c</p> <summary>Short</summary>",
        "The list [1] and [INSTALL] and « passage ».",
        "f <| g |> h",
        "&lt;p> &amp;lt;p> AT&T",
    ],
)
def test_everything_else_stays_as_it_is(text: str) -> None:
    assert escape(text) == text


def test_a_fence_has_its_text_on_lines_of_its_own() -> None:
    assert fence("asked", "How\nlong?") == "<asked>\nHow\nlong?\n</asked>"


PIECES = ["<", "&", "amp;", "lt;", "#60;", "/", "\\", " ", "\n", "passage", "Passage", ">", "x", "&lt;", "</passage>"]


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_it_can_be_read_back(text: str) -> None:
    escaped = escape(text)
    assert not re.search(r"<[\s/\\]{0,4}passage", escaped, re.IGNORECASE)
    assert read_back(escaped) == text


def read_back(escaped: str) -> str:
    """What was escaped: of a row of references before a fence's name the first one is undone."""
    behind = r"[\s/\\]{0,4}passage"
    one = rf"&(amp|lt);(?:(?<=&amp;)(?=(?:amp;)*(?:lt|#\d+);{behind})|(?<=&lt;)(?={behind}))"
    return re.sub(one, lambda reference: {"amp": "&", "lt": "<"}[reference[1]], escaped, flags=re.IGNORECASE)
