import json

import pytest

from conversational_rag.errors import BadGeneration
from conversational_rag.llm.catalogue import SUCCESSORS, can_chat, chat_models_in, order_models, with_family_parameters

OLD, NEW, SMALL, QWEN = "llama-3.3-70b-versatile", "openai/gpt-oss-120b", "openai/gpt-oss-20b", "qwen/qwen3.8-27b"


def test_gpt_oss_thinks_little_and_keeps_its_thoughts() -> None:
    body = with_family_parameters({"model": NEW, "max_tokens": 1024})
    assert body == {"model": NEW, "max_tokens": 1024, "reasoning_effort": "low", "include_reasoning": False}


def test_qwen_does_not_think_and_stays_below_the_hidden_output_limit() -> None:
    body = with_family_parameters({"model": QWEN, "max_tokens": 4096})
    assert body == {"model": QWEN, "max_tokens": 900, "reasoning_effort": "none"}
    assert with_family_parameters({"model": QWEN, "max_tokens": 100})["max_tokens"] == 100


def test_a_model_nothing_is_known_of_gets_no_extra_parameters_and_no_nulls() -> None:
    body = with_family_parameters({"model": "new/model", "max_tokens": 10, "stop": None, "reasoning_format": None})
    assert body == {"model": "new/model", "max_tokens": 10}


def test_what_the_caller_sets_is_kept() -> None:
    assert (
        with_family_parameters({"model": NEW, "max_tokens": 9, "reasoning_effort": "high"})["reasoning_effort"]
        == "high"
    )


def test_a_retired_model_gives_its_place_to_its_successor_and_goes_last() -> None:
    assert order_models((OLD, SMALL, QWEN)) == (NEW, SMALL, QWEN, OLD)
    assert order_models((OLD,)) == (NEW, OLD)
    assert order_models((SMALL, "llama-3.1-8b-instant")) == (SMALL, "llama-3.1-8b-instant")


def test_the_providers_list_overrules_what_is_known_here() -> None:
    assert order_models((OLD, SMALL), {OLD, SMALL}) == (OLD, SMALL)
    assert order_models((OLD, SMALL), {SMALL}) == (SMALL, NEW, OLD)


def test_lesser_work_goes_to_the_smaller_models_but_never_to_a_retired_one_first() -> None:
    assert order_models((NEW, SMALL, QWEN), smaller_first=True) == (SMALL, QWEN, NEW)
    assert order_models(("llama-3.1-8b-instant", NEW), smaller_first=True) == (SMALL, NEW, "llama-3.1-8b-instant")


def test_no_successor_is_itself_retired() -> None:
    assert not set(SUCCESSORS.values()) & set(SUCCESSORS)


@pytest.mark.parametrize(
    ("row", "chats"),
    [
        ({"id": NEW, "active": True, "context_window": 131072, "output_modalities": ["text"]}, True),
        ({"id": NEW}, True),
        ({"id": NEW, "active": False}, False),
        ({"id": "whisper-large-v3", "context_window": 448}, False),
        ({"id": "canopylabs/orpheus-v1-english", "context_window": 131072}, False),
        ({"id": "openai/gpt-oss-safeguard-20b", "context_window": 131072}, False),
        ({"id": "meta-llama/llama-prompt-guard-2-86m", "context_window": 512}, False),
        ({"id": "x/painter", "output_modalities": ["image"]}, False),
        ({"id": "x/tiny", "context_length": 2048}, False),
    ],
)
def test_only_models_for_conversation_are_counted(row: dict[str, object], chats: bool) -> None:
    assert can_chat(row) is chats


@pytest.mark.parametrize("listing", [b"", b"<html>", b"[]", b'{"data": null}', b'{"data": [7]}'])
def test_a_list_that_is_none_is_a_bad_generation(listing: bytes) -> None:
    with pytest.raises(BadGeneration):
        chat_models_in(listing)


def test_the_list_keeps_the_providers_order() -> None:
    rows = [{"id": SMALL}, {"id": "whisper-large-v3"}, {"id": NEW}]
    assert chat_models_in(json.dumps({"data": rows}).encode()) == (SMALL, NEW)
