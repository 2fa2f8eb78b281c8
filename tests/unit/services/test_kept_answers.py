"""Answers that are kept come back as they were, also those that an older version of the service has kept."""

from pydantic import TypeAdapter

from conversational_rag.llm.base import Usage
from conversational_rag.rag.citations import Citation
from conversational_rag.rag.conversation import Passage
from conversational_rag.rag.events import Answered
from conversational_rag.services.kept_answers import KeptAnswer, Reply, load

PASSAGE = Passage(7, "doc", "a.pdf", 0, 3, 0, "Text.", 0.5, "Sheet 1")
ANSWERED = Answered("Yes.", (PASSAGE,), "a model", False, Usage(1, 2, 3, 4), 5.0, True, (Citation(True, None),))


def told(kept: KeptAnswer) -> Answered:
    return Answered(*(getattr(kept, name) for name in Answered.__dataclass_fields__))


def test_an_answer_comes_back_with_the_id_of_its_message() -> None:
    for message_id in (None, 12):
        kept = load(Reply("key", ANSWERED).dump(message_id))
        assert kept is not None
        assert (told(kept), kept.message_id) == (ANSWERED, message_id)


def test_one_that_was_kept_without_an_id_has_none() -> None:
    before = TypeAdapter(Answered).dump_json(ANSWERED).decode()
    assert "message_id" not in before
    kept = load(before)
    assert kept is not None
    assert (told(kept), kept.message_id) == (ANSWERED, None)


def test_what_cannot_be_read_is_no_answer() -> None:
    assert load('{"text": 1}') is None
