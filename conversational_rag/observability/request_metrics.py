"""Metrics of HTTP: how many requests, how large, how long they took. By declared addresses, never by those asked."""

from prometheus_client import CollectorRegistry, Counter, Histogram, Summary

_SECONDS = (0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 7.5, 10, 30, 60)
# These there are of each address.
_FEW_SECONDS = (0.1, 0.5, 1)


class RequestMetrics:
    """Named and labelled as by prometheus-fastapi-instrumentator, so that its dashboards fit. That one finds out the
    address by trying all routes before the framework does: a sixth of the CPU that a request takes beside its work."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "http_requests_total",
            "Total number of requests by method, status and handler.",
            ["method", "status", "handler"],
            registry=registry,
        )
        self._request_bytes = Summary(
            "http_request_size_bytes",
            "Content length of incoming requests by handler. Only value of header is respected.",
            ["handler"],
            registry=registry,
        )
        self._response_bytes = Summary(
            "http_response_size_bytes",
            "Content length of outgoing responses by handler. Only value of header is respected.",
            ["handler"],
            registry=registry,
        )
        self._seconds = Histogram(
            "http_request_duration_highr_seconds",
            "Latency with many buckets but no API specific labels.",
            buckets=_SECONDS,
            registry=registry,
        )
        self._seconds_by_handler = Histogram(
            "http_request_duration_seconds",
            "Latency with only few buckets by handler.",
            ["method", "handler"],
            buckets=_FEW_SECONDS,
            registry=registry,
        )

    def count(
        self, method: str, handler: str, status: int, *, request_bytes: int, response_bytes: int, seconds: float
    ) -> None:
        """One request; `handler` is the address as it is declared. Bytes are those announced, 0 where none were."""
        self._requests.labels(method, f"{status // 100}xx", handler).inc()
        self._request_bytes.labels(handler).observe(request_bytes)
        self._response_bytes.labels(handler).observe(response_bytes)
        self._seconds.observe(seconds)
        self._seconds_by_handler.labels(method, handler).observe(seconds)
