"""What goes over the wire about a passage, wherever one is shown."""

from pydantic import BaseModel, Field


class PassageView(BaseModel):
    """A piece of a document, and where it stands."""

    page: int | None = Field(description="Counted from 1; null where the format has no pages.")
    place: str | None = Field(None, description="The spot's own name, as a sheet, a slide or a chapter has one.")
    content: str
    filename: str
    document_id: str
    score: float = Field(description="0 to 1, higher fits better.")
