"""Our pieces of an answer as LangChain's chunks."""

from langchain_core.messages import AIMessageChunk
from langchain_core.messages.ai import InputTokenDetails, UsageMetadata
from langchain_core.outputs import ChatGenerationChunk

from conversational_rag.llm.base import Finished, Usage, Word


def as_chunk(piece: Word | Finished) -> ChatGenerationChunk:
    """A word's text, or an empty last chunk with usage, model and finish reason."""
    if isinstance(piece, Word):
        return ChatGenerationChunk(message=AIMessageChunk(content=piece.text))
    message = AIMessageChunk(
        content="",
        usage_metadata=_usage_metadata(piece.usage),
        response_metadata={"finish_reason": piece.finish_reason, "model_name": piece.model, "model_provider": "groq"},
        chunk_position="last",
    )
    return ChatGenerationChunk(message=message)


def _usage_metadata(usage: Usage) -> UsageMetadata:
    return UsageMetadata(
        input_tokens=usage.prompt_tokens,
        output_tokens=usage.completion_tokens,
        total_tokens=usage.prompt_tokens + usage.completion_tokens,
        input_token_details=InputTokenDetails(cache_read=usage.cached_tokens),
    )
