"""Groq: the only file that knows its SDK. Sends one request, reads its stream raw, translates every failure.

ChatGroq stays the base, so that the model composes as LangChain users expect; its wire is replaced, because it has no
timeout, keeps the connection of an abandoned stream, ends a truncated stream silently, hides the response headers and
spends seven times the CPU per word.
"""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from typing import Any, NoReturn, Self

import aiohttp
import groq
import httpx
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.language_models.chat_models import agenerate_from_stream
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_groq import ChatGroq
from pydantic import PrivateAttr, SecretStr, model_validator

from conversational_rag.errors import BadGeneration, ConfigurationError, ModelError, ModelUnreachable
from conversational_rag.llm.base import Finished, Usage, Word
from conversational_rag.llm.catalogue import chat_models_in, with_family_parameters
from conversational_rag.llm.chunks import as_chunk
from conversational_rag.llm.completions import NOT_SENT, Completions, drain, parsed, plain_client, reads_of
from conversational_rag.llm.headers import RateLimitHeaders, read_rate_limits
from conversational_rag.llm.refusals import explain
from conversational_rag.llm.sse import CompletionDecoder
from conversational_rag.llm.tokens import estimate_messages, estimate_tokens

_CONNECT_SECONDS = 5.0
_USER_AGENT = "conversational-rag"

OnRateLimits = Callable[[str, RateLimitHeaders], None]


class GroqChat(ChatGroq):
    """A ChatGroq for a server, for text alone (no tools, no JSON mode), asynchronous alone.

    Raises errors of our tree (ModelError), never the SDK's. An abandoned stream frees its connection at once.
    """

    # Groq reserves prompt + allowance before it runs, so an allowance is sent with every call, and it is small.
    max_tokens: int = 1024
    max_retries: int = 0
    _sdk: groq.AsyncGroq = PrivateAttr()
    _completions: Completions = PrivateAttr()

    @classmethod
    def connect(
        cls, api_key: SecretStr, *, base_url: str, temperature: float, timeout_seconds: float, model: str = ""
    ) -> Self:
        """A GroqChat for one key; opens no connection yet. Raises ConfigurationError.

        `base_url` has no path (the SDK appends /openai/v1). `timeout_seconds` bounds each wait for the next bytes.
        Without a `model`, each call names its own.
        """
        key = api_key.get_secret_value().strip()
        if not key or not key.isascii() or not key.isprintable():
            raise ConfigurationError("GROQ_API_KEY: it holds characters that no key has; copy it again")
        timeout = httpx.Timeout(timeout_seconds, connect=min(_CONNECT_SECONDS, timeout_seconds))
        return cls(
            model_name=model,
            groq_api_key=SecretStr(key),
            groq_api_base=base_url,
            temperature=temperature,
            request_timeout=timeout,
        )

    @model_validator(mode="after")
    def validate_environment(self) -> Self:
        """Build one asynchronous client (ChatGroq builds two, with a TLS context each)."""
        if not isinstance(self.request_timeout, httpx.Timeout) or self.groq_api_key is None:
            raise ValueError("api_key and timeout (an httpx.Timeout) are needed: see GroqChat.connect")
        http = self.http_async_client or plain_client()
        headers = {"User-Agent": _USER_AGENT, **(self.default_headers or {})}
        self._sdk = groq.AsyncGroq(
            api_key=self.groq_api_key.get_secret_value(),
            base_url=self.groq_api_base,
            timeout=self.request_timeout,
            max_retries=self.max_retries,
            default_headers=headers,
            http_client=http,
        )
        self._completions = Completions(
            http, self._sdk.base_url, self._sdk.auth_headers | headers, self.request_timeout
        )
        return self

    async def stream_words(
        self,
        messages: Sequence[BaseMessage],
        *,
        model: str | None = None,
        max_output_tokens: int | None = None,
        on_rate_limits: OnRateLimits | None = None,
        **options: Any,
    ) -> AsyncGenerator[Word | Finished, None]:
        """One call: words as they come, then Finished with what it cost; raises a ModelError.

        An answer without text costs too, so its Finished comes first and the BadGeneration after it.
        `on_rate_limits` gets the model and the response headers of every answer and refusal.
        """
        options |= {"model": model or self.model_name, "max_tokens": max_output_tokens or self.max_tokens}
        body, decoder, said = self._body(messages, options), CompletionDecoder(), list[str]()
        with _translated():
            async with contextlib.aclosing(await self._send(body)) as response:
                if on_rate_limits is not None:
                    on_rate_limits(body["model"], read_rate_limits(response.headers))
                if not response.is_success:
                    raise explain(response.status_code, parsed(await response.aread()), response.headers)
                if response.headers.get("content-type", "").startswith("application/json"):
                    if text := decoder.feed_whole(await response.aread()):
                        said.append(text)
                        yield Word(text)
                else:
                    async with contextlib.aclosing(reads_of(response)) as reads:
                        async for data in reads:
                            if text := decoder.feed(data):
                                said.append(text)
                                yield Word(text)
                            if decoder.done or decoder.failure is not None:
                                break
                        if decoder.done:
                            await drain(reads)
        if decoder.failure is None and decoder.finish_reason is not None:
            usage = decoder.usage or Usage(estimate_messages(messages), estimate_tokens("".join(said)), 0, 1)
            yield Finished(decoder.model or body["model"], usage, decoder.finish_reason)
        decoder.end()

    @property
    def timeout_seconds(self) -> float:
        """The longest silence before a call is given up."""
        assert isinstance(self.request_timeout, httpx.Timeout)
        return self.request_timeout.read or 0.0

    async def list_models(self) -> tuple[str, ...]:
        """The ids that this key may call and that can hold a conversation; raises a ModelError."""
        with _translated():
            response = await self._sdk.models.with_raw_response.list()
            return chat_models_in(await response.read())

    async def close(self) -> None:
        """Close every connection; streams that still run break off."""
        await self._sdk.close()

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        words = self.stream_words(messages, stop=stop if stop is not None else self.stop, **_our_names(kwargs))
        async with contextlib.aclosing(words) as pieces:
            async for piece in pieces:
                chunk = as_chunk(piece)
                if run_manager is not None:
                    await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                yield chunk

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return await agenerate_from_stream(self._astream(messages, stop, run_manager, **kwargs))

    def _generate(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise NotImplementedError("GroqChat is asynchronous: use ainvoke or astream")

    def _stream(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise NotImplementedError("GroqChat is asynchronous: use ainvoke or astream")

    def bind_tools(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refused: only text is read from the stream."""
        raise NotImplementedError("GroqChat reads text alone: tools are not supported")

    async def _send(self, body: dict[str, Any]) -> httpx.Response:
        request = self._completions.request(body)
        try:
            return await self._completions.send(request)
        except httpx.TimeoutException as error:
            raise groq.APITimeoutError(request) from error
        except NOT_SENT as error:
            raise groq.APIConnectionError(request=request) from error

    def _body(self, messages: Sequence[BaseMessage], options: dict[str, Any]) -> dict[str, Any]:
        rows, defaults = self._create_message_dicts(list(messages), None)
        # The provider refuses a message's `name`.
        rows = [{name: value for name, value in row.items() if name != "name"} for row in rows]
        return with_family_parameters({**defaults, **options, "stream": True, "messages": rows})


def _our_names(options: dict[str, Any]) -> dict[str, Any]:
    renamed = {"max_tokens": "max_output_tokens"}
    return {renamed.get(name, name): value for name, value in options.items()}


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except tuple(TRANSLATIONS) as error:
        raise translate(error) from error


def translate(error: Exception) -> ModelError:
    """The error of our tree for one of the SDK's or of the HTTP client's."""
    return next(TRANSLATIONS[kind](error) for kind in type(error).__mro__ if kind in TRANSLATIONS)


def _refused(error: Any) -> ModelError:
    return explain(error.status_code, error.body, error.response.headers)


def _timed_out(error: BaseException) -> ModelError:
    cause = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    if not isinstance(cause, TimeoutError | httpx.HTTPError | groq.GroqError):
        return ModelUnreachable()  # the transport calls a connection that was lost a time-out as well
    return ModelUnreachable("The provider did not answer in time; try again, or raise LLM_TIMEOUT.")


TRANSLATIONS: dict[type[Exception], Callable[[Any], ModelError]] = {
    groq.GroqError: lambda _error: ModelUnreachable(),
    groq.APIError: lambda error: explain(0, error.body),
    groq.APIResponseValidationError: lambda _error: BadGeneration(),
    **dict.fromkeys((groq.APIStatusError, *groq.APIStatusError.__subclasses__()), _refused),
    groq.APIConnectionError: lambda _error: ModelUnreachable(),
    groq.APITimeoutError: _timed_out,
    httpx.HTTPError: lambda _error: ModelUnreachable(),
    httpx.TimeoutException: _timed_out,
    httpx.StreamError: lambda _error: ModelUnreachable(),
    httpx.InvalidURL: lambda _error: ModelUnreachable(),
    aiohttp.ClientError: lambda _error: ModelUnreachable(),
}
