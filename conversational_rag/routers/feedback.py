"""Feedback: rate an answer, take that back, and read what was thought of answers."""

from typing import Annotated

from fastapi import APIRouter, Path

from conversational_rag.db.feedback import RatedAnswer as RatedRow
from conversational_rag.dependencies import Caller, Limit, Offset, OptionalTenant, Resources
from conversational_rag.routers.sessions import shown_message
from conversational_rag.schemas.feedback import FeedbackList, FeedbackRequest, RatedAnswer, Rating
from conversational_rag.schemas.sessions import SessionMessage

router = APIRouter(prefix="/api/v1", tags=["feedback"])

_ANSWER = "/sessions/{session_id}/messages/{message_id}/feedback"
MessageId = Annotated[int, Path(ge=1, lt=2**63, description="The answer's `message_id`.")]


@router.put(_ANSWER, operation_id="rate_message")
async def rate(
    session_id: str,
    message_id: MessageId,
    given: FeedbackRequest,
    resources: Resources,
    caller: Caller,
    tenant: OptionalTenant,
) -> SessionMessage:
    """Say what you think of an answer, in place of what was said before; the message as it stands then."""
    reach = caller.reach(tenant)
    return shown_message(await resources.feedback.rate(reach, session_id, message_id, given.rating, given.comment))


@router.delete(_ANSWER, operation_id="unrate_message")
async def unrate(
    session_id: str, message_id: MessageId, resources: Resources, caller: Caller, tenant: OptionalTenant
) -> SessionMessage:
    """Take back what was said of an answer; again is fine. The message as it stands then."""
    return shown_message(await resources.feedback.take_back(caller.reach(tenant), session_id, message_id))


@router.get("/feedback", operation_id="list_feedback")
async def list_feedback(
    resources: Resources,
    tenant: OptionalTenant,
    rating: Rating | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> FeedbackList:
    """The answers that were rated, with their questions; the last rated first."""
    page = await resources.feedback.list_page(tenant, rating, limit, offset)
    return FeedbackList(feedback=[_shown(each) for each in page.rated], total=page.total)


def _shown(rated: RatedRow) -> RatedAnswer:
    return RatedAnswer.model_validate(
        {
            "session_id": rated.session_id,
            "client_id": rated.tenant.client_id,
            "message_id": rated.message_id,
            "question": rated.question,
            "answer": rated.answer,
            "rating": rated.feedback.rating,
            "comment": rated.feedback.comment,
            "timestamp": rated.feedback.timestamp,
        }
    )
