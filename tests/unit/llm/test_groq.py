import asyncio

import groq as groq_sdk
import groq_turns as turns
import httpx
import pytest
from groq_stand_in import GroqStandIn
from groq_turns import Answer, Turn
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from llm_parts import MESSAGES
from pydantic import SecretStr

from conversational_rag.errors import (
    BadGeneration,
    ConfigurationError,
    KeyRefused,
    ModelError,
    ModelUnreachable,
    RateLimited,
)
from conversational_rag.llm.base import Finished, Usage, Word
from conversational_rag.llm.groq import TRANSLATIONS, GroqChat, translate
from conversational_rag.llm.headers import RateLimitHeaders
from conversational_rag.llm.tokens import estimate_messages, estimate_tokens

BIG, SMALL, QWEN = "openai/gpt-oss-120b", "openai/gpt-oss-20b", "qwen/qwen3.8-27b"


def all_subclasses(kind: type[Exception]) -> set[type[Exception]]:
    return {kind}.union(*(all_subclasses(child) for child in kind.__subclasses__()))


async def collect(chat: GroqChat, model: str = BIG, **options: object) -> list[Word | Finished]:
    return [piece async for piece in chat.stream_words(MESSAGES, model=model, **options)]  # type: ignore[arg-type]


async def test_words_come_one_by_one_and_the_price_comes_last(chat: GroqChat, groq: GroqStandIn) -> None:
    groq.script(BIG, Answer("Two years and more.", delay_seconds=0.01))
    *words, finished = await collect(chat)
    assert [word.text for word in words if isinstance(word, Word)] == ["Two", " years", " and", " more."]
    assert isinstance(finished, Finished)
    assert (finished.model, finished.finish_reason) == (BIG, "stop")
    assert finished.usage.llm_calls == 1
    assert finished.usage.prompt_tokens > 0
    assert finished.usage.completion_tokens > 12


async def test_the_body_on_the_wire_has_an_allowance_and_no_nulls(chat: GroqChat, groq: GroqStandIn) -> None:
    await collect(chat, max_output_tokens=77)
    assert groq.chats[0] == {
        "model": BIG,
        "messages": [
            {"role": "system", "content": "Answer from the passages."},
            {"role": "user", "content": "Pumps last long.\n\nQuestion: How long?"},
        ],
        "n": 1,
        "temperature": 0.7,
        "service_tier": "on_demand",
        "stream": True,
        "max_tokens": 77,
        "reasoning_effort": "low",
        "include_reasoning": False,
    }


async def test_each_family_gets_its_own_parameters(chat: GroqChat, groq: GroqStandIn) -> None:
    groq.models.append("new/model")
    await collect(chat, QWEN, max_output_tokens=5000)
    await collect(chat, "new/model")
    qwen, new = groq.chats
    assert (qwen["reasoning_effort"], qwen["max_tokens"], "include_reasoning" in qwen) == ("none", 900, False)
    assert (new["max_tokens"], "reasoning_effort" in new) == (1024, False)


async def test_a_message_goes_without_its_name(chat: GroqChat, groq: GroqStandIn) -> None:
    named = [HumanMessage("Hello.", additional_kwargs={"name": "ada"})]
    assert [piece async for piece in chat.stream_words(named, model=BIG)]
    assert groq.chats[0]["messages"] == [{"role": "user", "content": "Hello."}]


async def test_half_characters_do_not_stop_a_question(chat: GroqChat, groq: GroqStandIn) -> None:
    assert [piece async for piece in chat.stream_words([HumanMessage("caf\ud83d!")], model=BIG)]
    assert groq.chats[0]["messages"] == [{"role": "user", "content": "caf?!"}]


async def test_the_service_names_itself_and_shows_its_key(chat: GroqChat, groq: GroqStandIn) -> None:
    await collect(chat)
    headers = groq.requests[0].headers
    assert headers["user-agent"] == "conversational-rag"
    assert headers["authorization"] == "Bearer gsk_test"


async def test_calls_one_after_the_other_share_a_connection(chat: GroqChat, groq: GroqStandIn) -> None:
    for _ in range(3):
        await collect(chat)
    assert groq.connections_open == 1


async def test_cached_tokens_are_told(chat: GroqChat) -> None:
    long = [HumanMessage("A pump needs care. " * 100)]
    prices = [[piece async for piece in chat.stream_words(long, model=BIG)][-1] for _ in range(2)]
    cached = [price.usage.cached_tokens for price in prices if isinstance(price, Finished)]
    assert cached == [0, 384]


async def test_a_stream_without_usage_is_priced_by_estimate(chat: GroqChat, groq: GroqStandIn) -> None:
    groq.script(BIG, Answer("A few words here.", reports_usage=False))
    finished = (await collect(chat))[-1]
    assert isinstance(finished, Finished)
    assert finished.usage == Usage(estimate_messages(MESSAGES), estimate_tokens("A few words here."), 0, 1)


async def test_rate_limits_are_published_from_answers_and_from_refusals(chat: GroqChat, groq: GroqStandIn) -> None:
    heard: list[tuple[str, RateLimitHeaders]] = []
    await collect(chat, on_rate_limits=lambda *limits: heard.append(limits))
    groq.script(SMALL, turns.Refusal(429, {"error": {"message": "no"}}, {"x-ratelimit-remaining-tokens": "5"}))
    with pytest.raises(ModelError):
        await collect(chat, SMALL, on_rate_limits=lambda *limits: heard.append(limits))
    (first, answered), (second, refused) = heard
    assert (first, second) == (BIG, SMALL)
    assert (answered.limit_requests, answered.remaining_requests, answered.reset_requests_seconds) == (1000, 999, 86.4)
    assert answered.limit_tokens == 8000
    assert refused == RateLimitHeaders(remaining_tokens=5)


async def test_an_empty_answer_tells_its_price_and_then_fails(chat: GroqChat, groq: GroqStandIn) -> None:
    groq.script(BIG, turns.empty_length())
    pieces = chat.stream_words(MESSAGES, model=BIG)
    finished = await anext(pieces)
    assert isinstance(finished, Finished)
    assert (finished.usage.completion_tokens, finished.finish_reason) == (200, "length")
    with pytest.raises(BadGeneration, match="MAX_OUTPUT_TOKENS"):
        await anext(pieces)


@pytest.mark.parametrize("silence", [turns.hang(), turns.hang_midway(2, "one two three four")])
async def test_a_silent_provider_is_given_up_after_the_timeout(
    hasty_chat: GroqChat, groq: GroqStandIn, silence: Turn
) -> None:
    groq.script(BIG, silence)
    with pytest.raises(ModelUnreachable, match="LLM_TIMEOUT"):
        await collect(hasty_chat)


async def test_nobody_at_the_address_is_unreachable() -> None:
    chat = GroqChat.connect(SecretStr("k"), base_url="http://127.0.0.1:9", temperature=0, timeout_seconds=1)
    with pytest.raises(ModelUnreachable) as failure:
        await collect(chat)
    assert isinstance(failure.value.__cause__, groq_sdk.APIConnectionError)
    await chat.close()


async def test_an_address_with_a_path_is_told_apart_from_a_missing_model(groq: GroqStandIn) -> None:
    chat = GroqChat.connect(
        SecretStr("k"), base_url=f"{groq.url}/openai/v1", temperature=0.7, timeout_seconds=1, model=BIG
    )
    with pytest.raises(ModelUnreachable, match="GROQ_API_BASE"):
        await chat.ainvoke("Hello")
    await chat.close()


async def test_models_for_conversation_are_listed(chat: GroqChat) -> None:
    assert await chat.list_models() == (BIG, SMALL, QWEN)


async def test_a_refused_key_is_told_when_models_are_listed(chat: GroqChat, groq: GroqStandIn) -> None:
    groq.script("models", turns.key_refused())
    with pytest.raises(KeyRefused):
        await chat.list_models()


@pytest.mark.parametrize("key", ["", "  ", "gsk_\u2028abc", "schlüssel", "gsk\nabc"])
def test_a_key_that_cannot_be_one_stops_the_start(key: str) -> None:
    with pytest.raises(ConfigurationError, match="GROQ_API_KEY"):
        GroqChat.connect(SecretStr(key), base_url="http://127.0.0.1:9", temperature=0.7, timeout_seconds=1)


async def test_it_composes_as_a_langchain_model(chat: GroqChat, groq: GroqStandIn) -> None:
    groq.default = Answer("Two years, it says.")
    prompt = ChatPromptTemplate.from_messages([("system", "Be brief."), ("human", "{question}")])
    chain = prompt | chat.bind(model=SMALL, max_tokens=50) | StrOutputParser()
    assert await chain.ainvoke({"question": "How long?"}) == "Two years, it says."
    streamed = [text async for text in chain.astream({"question": "How long?"})]
    assert "".join(streamed) == "Two years, it says."
    assert {(body["model"], body["max_tokens"]) for body in groq.chats} == {(SMALL, 50)}


async def test_a_langchain_message_carries_usage_model_and_finish_reason(chat: GroqChat) -> None:
    message = await chat.ainvoke(MESSAGES, model=BIG, stop=["END"])
    assert isinstance(message, AIMessage)
    assert message.usage_metadata is not None
    assert message.usage_metadata["input_tokens"] > 0
    assert message.response_metadata["finish_reason"] == "stop"
    assert message.response_metadata["model_name"] == BIG


def test_what_it_cannot_do_it_refuses(chat: GroqChat) -> None:
    for impossible in (lambda: chat.invoke("Hello"), lambda: list(chat.stream("Hello")), lambda: chat.bind_tools([])):
        with pytest.raises(NotImplementedError):
            impossible()


def test_every_error_of_the_sdk_has_a_row() -> None:
    public = {kind for kind in all_subclasses(groq_sdk.GroqError) if hasattr(groq_sdk, kind.__name__)}
    assert len(public) >= 14
    assert public <= set(TRANSLATIONS)


def test_an_error_of_the_sdk_without_a_row_takes_its_parents() -> None:
    class Newer(groq_sdk.GroqError):
        pass

    assert isinstance(translate(Newer()), ModelUnreachable)


def test_an_error_that_the_sdk_finds_in_a_stream_is_explained() -> None:
    request = httpx.Request("POST", "http://127.0.0.1")
    body = {"message": "Rate limit reached. Please try again in 2s.", "code": "rate_limit_exceeded"}
    error = translate(groq_sdk.APIError("no", request, body=body))
    assert isinstance(error, RateLimited)
    assert error.retry_after == 2.0


def test_every_error_of_the_http_client_is_translated() -> None:
    kinds = all_subclasses(httpx.HTTPError) | all_subclasses(httpx.StreamError) | {httpx.InvalidURL}
    for kind in kinds:
        assert any(base in TRANSLATIONS for base in kind.__mro__), kind
    assert isinstance(translate(httpx.ReadTimeout("")), ModelUnreachable)
    assert "LLM_TIMEOUT" in translate(httpx.PoolTimeout("")).detail


@pytest.mark.parametrize("fault", [turns.reset_before(), turns.reset_midway(2)])
async def test_a_lost_connection_is_not_told_as_a_time_out(
    chat: GroqChat, groq: GroqStandIn, fault: turns.Turn
) -> None:
    groq.script(BIG, fault)
    with pytest.raises(ModelUnreachable, match="GROQ_API_BASE"):
        _ = [piece async for piece in chat.stream_words(MESSAGES, model=BIG)]


async def test_many_streams_run_at_once(chat: GroqChat, groq: GroqStandIn) -> None:
    groq.default = turns.slow(5, 0.01)
    answers = await asyncio.gather(*(collect(chat) for _ in range(60)))
    assert {"".join(p.text for p in answer if isinstance(p, Word)) for answer in answers} == {
        "word1 word2 word3 word4 word5"
    }
