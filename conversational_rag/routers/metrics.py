"""/metrics: the numbers, for Prometheus."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from conversational_rag.dependencies import Resources

router = APIRouter(tags=["health"])


@router.get("/metrics", operation_id="metrics", response_class=Response)
async def read_metrics(resources: Resources) -> Response:
    """Counters and gauges in Prometheus' text format."""
    metrics, models = resources.metrics, resources.models
    metrics.stale_indexes.set(resources.index.stale_clients)
    metrics.questions_waiting.set(models.waiting)
    for bucket in models.buckets():
        metrics.quota_left.labels(bucket.model, bucket.name).set(bucket.level)
    return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)
