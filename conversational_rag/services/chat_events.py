"""What is said while a question is answered, in this order: Start, Said again and again, End."""

from dataclasses import dataclass

from conversational_rag.rag.conversation import Passage
from conversational_rag.rag.events import Answered, Said
from conversational_rag.security.tenants import Tenant


@dataclass(frozen=True, slots=True)
class Start:
    """The passages are found, the answer begins; `model` is about to speak."""

    session_id: str
    tenant: Tenant
    passages: tuple[Passage, ...]
    model: str


@dataclass(frozen=True, slots=True)
class End:
    """The whole answer, as it was stored: as the message of this id, None when nothing is remembered of it."""

    session_id: str
    tenant: Tenant
    answered: Answered
    memory_used: bool
    new_session: bool
    message_id: int | None = None


ChatEvent = Start | Said | End
