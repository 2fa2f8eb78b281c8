"""What goes over the wire when somebody asks."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from conversational_rag.schemas.fields import ClientId, Message, SessionId
from conversational_rag.schemas.passages import PassageView


class ChatMessage(BaseModel):
    """One question on an open connection, whose address names the client."""

    message: Message = Field(description="The question.", examples=["What is the notice period?"])
    session_id: SessionId | None = Field(None, description="A conversation to go on with; left out, a new one begins.")
    use_memory: StrictBool = Field(True, description="false: the history is neither read nor written.")


class FirstFrame(BaseModel):
    """What a connection begins with whose opening request could carry no header."""

    type: Literal["auth"]
    key: str = Field(max_length=200, repr=False, description="The key.")


class ChatRequest(ChatMessage):
    """One question."""

    client_id: ClientId | None = Field(
        None,
        description="Whose documents to search; a client's own key says so itself.",
        examples=["client_0123456789abcdef"],
    )


class Source(PassageView):
    """A passage that the model was shown."""

    cited: bool | None = Field(None, description="Whether the answer cites it; null before the answer is whole.")
    verified: bool | None = Field(
        None,
        description="Whether its text supports the sentences that cite it, by the words and numbers they share, "
        "and holds what they quote, word by word; null when none does, or when words cannot tell. It does not see a "
        "negation.",
    )


class Usage(BaseModel):
    """What the answer cost."""

    # Also from whatever counted it.
    model_config = ConfigDict(from_attributes=True)

    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int = Field(description="Prompt tokens that the provider had cached; they do not count as quota.")
    llm_calls: int


class ChatAnswer(BaseModel):
    """The whole answer."""

    response: str
    session_id: str
    client_id: str
    message_id: int | None = Field(None, description="Of the stored answer; null without memory.")
    memory_used: bool
    new_session: bool
    sources: list[Source] = Field(description="Best first.")
    model: str = Field(description="Who spoke; `extractive` when no model could.")
    degraded: bool = Field(description="true: no model could answer, the response quotes the passages.")
    cached: bool = Field(False, description="true: the same question was answered before, and cost nothing now.")
    retry_after: float | None = Field(None, description="Seconds until a model may answer again, where known.")
    usage: Usage
