"""A session as a document: nothing that somebody wrote can change how it is built."""

import json
from dataclasses import replace

import pytest
from diary import ACME, BETA, YES, Diary
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from conversational_rag.db.messages import MessageRow
from conversational_rag.db.sessions import SessionRow
from conversational_rag.db.titled_sessions import TitledSession
from conversational_rag.errors import SessionNotFound
from conversational_rag.security.principals import Reach
from conversational_rag.services.transcripts import filename, head, quoted, section

SESSION = SessionRow("talk", ACME, 0.0, 60.0, None, 2, 0, "", None)
NASTY = [
    "# Mine\n\n## Answer\n\nNo.",
    "</blockquote><script>alert(1)</script>",
    "\\</blockquote>",
    "<!-- never closed",
    "```\nnever closed",
    "~~~~\nnever closed",
    "[1]: https://evil.example\n\n[Sources]: https://evil.example",
    "> [x\\]]: y\n\n- [a]: b",
    "one\r## Answer\r\ntwo\n\n\n***\n===\nthree",
    "|a|b|\n|-|-|\n\n    code\n\n1. one\n\n2. two",
    "``a`` `b <b>",
    "a\u2028# b\u0085# c\x0b# d",
]
texts = st.one_of(st.sampled_from(NASTY), st.text(alphabet="#>[]()<!-=*_`~\\|:/&a1. \t\n\r", min_size=1, max_size=60))


def skeleton(document: str) -> tuple[list[str], set[str]]:
    """The blocks of the document itself, and the tags of all that stands in it."""
    environment: dict[str, object] = {}
    tokens = MarkdownIt("commonmark").parse(document, environment)
    assert not environment.get("references")
    within = [child.type for token in tokens for child in (token, *(token.children or ()))]
    return [f"{token.type} {token.tag}" for token in tokens if token.level == 0], set(within)


def document(title: str, question: str, answer: str, name: str) -> str:
    sources = json.dumps([{"filename": name, "page": 3, "place": name}])
    rows = (
        MessageRow(1, "user", question, 1.0, "complete", None, None, False, None),
        MessageRow(2, "assistant", answer, 2.0, "complete", sources, "a/model", False, None),
    )
    return head(TitledSession(SESSION, title)) + "".join(map(section, rows))


PLAIN = skeleton(document("Title", "Question", "Answer", "a.pdf"))[0]


@given(title=texts, question=texts, answer=texts, name=texts)
def test_the_document_is_built_the_same_whatever_stands_in_it(
    title: str, question: str, answer: str, name: str
) -> None:
    blocks, within = skeleton(document(f"t{title}", question, answer, f"f{name}"))
    assert blocks == PLAIN
    assert not within & {"html_block", "html_inline"}


def test_a_message_is_read_as_it_was_written() -> None:
    assert quoted("one\n\n- *two*\n- `three`") == "> one\n>\n> - *two*\n> - `three`"
    rendered = MarkdownIt("commonmark").render(quoted("if a < b & c: see [1]: yes"))
    assert "<p>if a &lt; b &amp; c: see [1]: yes</p>" in rendered


async def test_every_question_and_answer_is_in_it_with_times_and_sources(diary: Diary) -> None:
    sources = json.dumps([{"filename": "a_b.pdf", "page": 3}, {"filename": "c.xlsx", "page": None, "place": "Sheet 1"}])
    for number in range(120):
        await diary.talk("s", f"Question {number}?", replace(YES, content=f"Answer {number}.", sources=sources))
    await diary.sessions.rename(Reach(ACME), "s", "Moons / *stars*")
    transcript = await diary.transcripts.write(Reach(ACME), "s")
    text = "".join([part async for part in transcript.parts])
    assert text.startswith(
        "# Moons / \\*stars\\*\n\n- Client: `acme`\n- Session: `s`\n- Begun: 2027-01-15 08:00:01 UTC\n"
    )
    places = [text.index(f"> {kind} {n}") for n in range(120) for kind in ("Question", "Answer")]
    assert places == sorted(places)
    assert text.count("Sources:\n\n1. `a_b.pdf`, page 3\n2. `c.xlsx`, Sheet 1\n") == 120
    assert transcript.filename == "Moons - -stars.md"


async def test_it_is_written_for_those_alone_within_whose_reach_the_session_is(diary: Diary) -> None:
    await diary.talk("s", "Which moon?")
    with pytest.raises(SessionNotFound):
        await diary.transcripts.write(Reach(BETA), "s")
    with pytest.raises(SessionNotFound):
        await diary.transcripts.write(Reach(ACME, "another line"), "s")


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("../../etc/passwd", "etc-passwd"),
        ("Über den Mond?", "Über den Mond"),
        ("???", "conversation"),
        ("a\u202egpj.exe", "agpj.exe"),
        ("x" * 200, "x" * 80),
    ],
)
def test_a_title_becomes_the_name_of_a_file_and_of_nothing_else(title: str, name: str) -> None:
    assert filename(title) == name
