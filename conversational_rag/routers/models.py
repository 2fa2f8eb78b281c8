"""GET /api/v1/models: how the models stand."""

from dataclasses import asdict

from fastapi import APIRouter

from conversational_rag.dependencies import Resources
from conversational_rag.schemas.models import ModelList, ModelView
from conversational_rag.services.models import overview

router = APIRouter(prefix="/api/v1/models", tags=["models"])


@router.get("", operation_id="models")
async def models(resources: Resources) -> ModelList:
    """Which models are asked, in which order, whether they can be, and what is left of their quota."""
    return ModelList(models=[ModelView.model_validate(asdict(each)) for each in overview(resources.models)])
