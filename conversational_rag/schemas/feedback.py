"""What goes over the wire about answers that were rated."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from conversational_rag.schemas.fields import without_controls

Rating = Literal["up", "down"]


class FeedbackRequest(BaseModel):
    """What the reader of an answer thinks of it."""

    rating: Rating
    comment: Annotated[
        str, StringConstraints(max_length=2000, strip_whitespace=True), AfterValidator(without_controls)
    ] = Field("", description="In words, if there is more to say.")


class FeedbackView(BaseModel):
    """What was thought of an answer."""

    rating: Rating
    comment: str
    timestamp: float = Field(description="Unix seconds.")


class RatedAnswer(FeedbackView):
    """An answer that was rated, and the question it was given to."""

    session_id: str
    client_id: str
    message_id: int
    question: str
    answer: str


class FeedbackList(BaseModel):
    """Rated answers, the last rated first."""

    feedback: list[RatedAnswer]
    total: int = Field(description="How many there are in all.")
