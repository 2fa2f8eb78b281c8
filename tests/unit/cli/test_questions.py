"""A file of questions is read line by line, and a wrong line is named."""

from pathlib import Path

import pytest

from conversational_rag.cli.questions import read_questions
from conversational_rag.errors import BadInput
from conversational_rag.rag.conversation import Turn
from conversational_rag.services.evaluation import Case, Place

GOOD = '{"question": "Where?", "file": "a.pdf"}'


def read(tmp_path: Path, content: str | bytes) -> list[Case]:
    path = tmp_path / "questions.jsonl"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_questions(path)


def test_files_and_pages_are_one_or_several(tmp_path: Path) -> None:
    lines = [
        GOOD,
        '{"question": "Where?", "file": ["a.pdf", "b.pdf"], "page": null}',
        '{"question": "Where?", "file": "a.pdf", "page": 5}',
        '{"question": "Where?", "file": ["a.pdf", "b.pdf", "a.pdf"], "page": [5, 6]}',
    ]
    assert [case.expected for case in read(tmp_path, "\n".join(lines))] == [
        (Place("a.pdf"),),
        (Place("a.pdf"), Place("b.pdf")),
        (Place("a.pdf", 5),),
        (Place("a.pdf", 5), Place("a.pdf", 6), Place("b.pdf", 5), Place("b.pdf", 6)),
    ]


def test_the_history_becomes_turns(tmp_path: Path) -> None:
    line = '{"question": "And?", "file": "a.pdf", "history": [{"question": "Who?", "answer": "He."}]}'
    (case,) = read(tmp_path, line)
    assert case == Case(1, "And?", (Place("a.pdf"),), (Turn(0, "Who?", "He."),))


def test_empty_lines_count_but_are_no_questions(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbf" + f"\n{GOOD}\r\n   \n{GOOD}\n\n".encode()
    assert [case.line for case in read(tmp_path, content)] == [2, 4]


def test_a_separator_that_is_no_line_feed_does_not_end_a_line(tmp_path: Path) -> None:
    line = '{"question": "Where\N{LINE SEPARATOR}is it?", "file": "a.pdf"}'
    (case,) = read(tmp_path, line)
    assert case.question == "Where\N{LINE SEPARATOR}is it?"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "Invalid JSON: EOF while parsing an object at column 1"),
        (b'{"question": "\xff", "file": "a.pdf"}', "Invalid JSON: invalid unicode code point"),
        ("[" * 5000, "Invalid JSON: recursion limit exceeded"),
        ('"Where?"', "Input should be an object"),
        ('{"file": "a.pdf"}', "`question` is missing"),
        ('{"question": "Where?"}', "`file` is missing"),
        ('{"question": " ", "file": "a.pdf"}', "`question`: String should have at least 1 character"),
        ('{"question": "Where?", "file": null}', "`file`: Tuple should have at least 1 item"),
        ('{"question": "Where?", "file": []}', "`file`: Tuple should have at least 1 item"),
        ('{"question": "Where?", "file": ["a.pdf", 7]}', "`file.1`: Input should be a valid string"),
        ('{"question": "Where?", "file": "a.pdf", "page": 0}', "`page.0`: Input should be greater than or equal to 1"),
        ('{"question": "Where?", "file": "a.pdf", "page": "5"}', "`page.0`: Input should be a valid integer"),
        ('{"question": "Where?", "file": "a.pdf", "page": true}', "`page.0`: Input should be a valid integer"),
        ('{"question": "Where?", "file": "a.pdf", "pages": 5}', "`pages` is none of question, file, page, history"),
        (
            '{"question": "Where?", "file": "a.pdf", "history": [{"question": "Who?"}]}',
            "`history.0.answer` is missing",
        ),
        ('{"question": "\\u0007", "file": "a.pdf"}', "`question`: contains control characters"),
    ],
)
def test_a_wrong_line_is_named_with_what_is_wrong(tmp_path: Path, line: str | bytes, reason: str) -> None:
    wrong = line if isinstance(line, bytes) else line.encode()
    with pytest.raises(BadInput) as raised:
        read(tmp_path, GOOD.encode() + b"\n\n" + wrong + b"\n" + GOOD.encode())
    assert f"questions.jsonl, line 3: {reason}" in raised.value.detail


def test_a_file_without_questions_is_no_file_of_questions(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no question"):
        read(tmp_path, "\n \n")
