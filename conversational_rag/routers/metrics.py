"""/metrics: the numbers, for Prometheus."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from conversational_rag.dependencies import Resources

router = APIRouter(tags=["health"])


@router.get("/metrics", operation_id="metrics", response_class=Response)
async def metrics(resources: Resources) -> Response:
    """Counters and gauges in Prometheus' text format."""
    resources.metrics.stale_indexes.set(resources.index.stale_clients)
    return Response(generate_latest(resources.metrics.registry), media_type=CONTENT_TYPE_LATEST)
