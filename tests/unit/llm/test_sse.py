import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversational_rag.errors import BadGeneration, ModelError, RateLimited
from conversational_rag.llm.base import Usage
from conversational_rag.llm.sse import CompletionDecoder

USAGE = {"prompt_tokens": 9, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 3}}


def event(content: str | None = None, finish_reason: str | None = None, **more: Any) -> bytes:
    delta = {} if content is None else {"content": content}
    body = {"model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}], **more}
    return b"data: " + json.dumps(body, ensure_ascii=False).encode() + b"\n\n"


WHOLE = b"".join(
    [
        event("", x_groq={"id": "req_1"}),
        b": keep-alive\r\n\r\n",
        event("Grüß "),
        event("تو 世界"),
        event(None, "stop", x_groq={"id": "req_1", "usage": USAGE}, usage=USAGE),
        b"data: [DONE]\n\n",
    ]
)


@given(st.lists(st.integers(0, len(WHOLE))))
def test_the_text_is_the_same_wherever_the_bytes_are_cut(cuts: list[int]) -> None:
    decoder = CompletionDecoder()
    edges = [0, *sorted(cuts), len(WHOLE)]
    text = "".join(decoder.feed(WHOLE[start:end]) for start, end in pairwise(edges))
    decoder.end()
    assert (text, decoder.done, decoder.finish_reason) == ("Grüß تو 世界", True, "stop")
    assert decoder.usage == Usage(9, 4, 3, 1)


@given(st.binary())
def test_rubbish_ends_in_a_model_error_and_nothing_else(rubbish: bytes) -> None:
    decoder = CompletionDecoder()
    decoder.feed(b"data: " + rubbish + b"\n\n")
    with pytest.raises(ModelError):
        decoder.end()


def test_usage_may_come_alone_in_a_last_chunk() -> None:
    decoder = CompletionDecoder()
    last = b"data: " + json.dumps({"choices": [], "usage": USAGE, "model": "m"}).encode() + b"\n\n"
    decoder.feed(event("Yes.") + event(None, "stop") + last)
    decoder.end()
    assert decoder.usage == Usage(9, 4, 3, 1)


def test_usage_without_details_or_with_nulls_counts_as_nothing() -> None:
    decoder = CompletionDecoder()
    decoder.feed(event("Yes.") + event(None, "stop", usage={"prompt_tokens": None, "prompt_tokens_details": None}))
    assert decoder.usage == Usage(0, 0, 0, 1)


def test_words_before_an_error_event_still_count() -> None:
    decoder = CompletionDecoder()
    error = b'data: {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}\n\n'
    assert decoder.feed(event("Half ") + error + event("never")) == "Half "
    with pytest.raises(RateLimited):
        decoder.end()


@pytest.mark.parametrize(
    ("stream", "says"),
    [
        (event("Half an answer"), "broke off"),
        (event(None, "length"), "MAX_OUTPUT_TOKENS"),
        (event(" \n", "stop"), "nothing that can be used"),
        (b"<html>welcome to the hotel</html>", "broke off"),
        (b"data: {not json\n", "cannot be read"),
        (b"data: [1]\n", "cannot be read"),
        (event("Half", x_groq={"error": "org_secret over"}), "cannot be used|nothing that can be used"),
    ],
)
def test_a_stream_that_is_no_answer_says_why(stream: bytes, says: str) -> None:
    decoder = CompletionDecoder()
    decoder.feed(stream)
    with pytest.raises(BadGeneration, match=says) as failure:
        decoder.end()
    assert "org_" not in failure.value.detail


def test_a_line_without_end_is_given_up() -> None:
    decoder = CompletionDecoder()
    decoder.feed(b"data: " + b"x" * (1 << 21))
    with pytest.raises(BadGeneration):
        decoder.end()


def test_an_answer_that_comes_whole_is_taken_whole() -> None:
    decoder = CompletionDecoder()
    body = {
        "model": "a model",
        "choices": [{"message": {"role": "assistant", "content": "All at once."}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 4},
    }
    assert decoder.feed_whole(json.dumps(body).encode()) == "All at once."
    decoder.end()
    assert (decoder.model, decoder.finish_reason) == ("a model", "stop")
    assert decoder.usage == Usage(9, 4, 0, 1)


def test_a_whole_answer_that_is_rubbish_is_a_bad_generation() -> None:
    decoder = CompletionDecoder()
    assert decoder.feed_whole(b"<html>") == ""
    with pytest.raises(BadGeneration):
        decoder.end()


def test_half_a_character_is_no_broken_stream() -> None:
    decoder = CompletionDecoder()
    half = b'data: {"choices": [{"delta": {"content": "So: \\ud83d"}, "finish_reason": "stop"}]}\n\n'
    assert decoder.feed(half) == "So: \ud83d"
    decoder.end()
