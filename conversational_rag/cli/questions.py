"""Files of questions that retrieval is judged by."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from conversational_rag.errors import BadInput
from conversational_rag.schemas.evaluation import QuestionLine
from conversational_rag.services.evaluation import Case, Place, plain_name
from conversational_rag.services.search import conversation

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_FIELDS = ", ".join(QuestionLine.model_fields)


def read_questions(path: Path) -> list[Case]:
    """The cases of a file of JSON lines in UTF-8; empty lines are passed over.

    Raises BadInput, which names the first line that is wrong and what is wrong with it.
    """
    try:
        content = path.read_bytes().removeprefix(_BYTE_ORDER_MARK)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from error
    cases = list(_cases(path, content))
    if not cases:
        raise BadInput(f"{path} holds no question.")
    return cases


def _cases(path: Path, content: bytes) -> Iterator[Case]:
    for number, line in enumerate(content.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            yield _case(number, QuestionLine.model_validate_json(line.strip()))
        except ValidationError as error:
            raise BadInput(f"{path}, line {number}: {_reason(error)}.") from None


def _case(number: int, line: QuestionLine) -> Case:
    files, pages = map(plain_name, line.file), line.page or (None,)
    expected = dict.fromkeys(Place(file, page) for file in files for page in pages)
    return Case(
        number, line.question, tuple(expected), conversation((each.question, each.answer) for each in line.history)
    )


def _reason(error: ValidationError) -> str:
    """The first thing that is wrong with a line."""
    found = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field = ".".join(str(part) for part in found["loc"])
    if found["type"] == "extra_forbidden":
        return f"`{field}` is none of {_FIELDS}"
    if found["type"] == "missing":
        return f"`{field}` is missing"
    # A line of the file is the whole document to the parser.
    message = found["msg"].removeprefix("Value error, ").replace("at line 1 column", "at column")
    return f"`{field}`: {message}" if field else message
