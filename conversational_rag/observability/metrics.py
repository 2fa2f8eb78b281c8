"""Metrics: what is counted, in Prometheus' words. Never by client or session."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from conversational_rag.observability.request_metrics import RequestMetrics


class Metrics:
    """One registry an application, so that two in one process do not count together."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.answers = Counter(
            "rag_answers_total", "Answers given, by who spoke.", ["model", "degraded"], registry=self.registry
        )
        self.tokens = Counter(
            "rag_tokens_total", "Tokens that answers and summaries cost.", ["model", "kind"], registry=self.registry
        )
        self.calls = Counter("rag_llm_calls_total", "Calls that a model answered.", ["model"], registry=self.registry)
        self.documents = Counter(
            "rag_documents_total", "Uploaded files, by what became of them.", ["status"], registry=self.registry
        )
        self.first_word = Histogram(
            "rag_first_word_seconds", "From the question to the first word of its answer.", registry=self.registry
        )
        self.refusals = Counter(
            "rag_llm_refusals_total",
            "Calls that failed, by the code of the error.",
            ["model", "code"],
            registry=self.registry,
        )
        self.quota_wait = Histogram(
            "rag_quota_wait_seconds",
            "How long a question waited for a model that could take it.",
            buckets=(0.01, 0.1, 0.5, 1, 2, 5, 10, 20, 30, 60, 120),
            registry=self.registry,
        )
        self.quota_left = Gauge(
            "rag_quota_left",
            "What is left of the provider's limits: requests (RPM, RPD) or tokens (TPM, TPD, OTPM).",
            ["model", "bucket"],
            registry=self.registry,
        )
        self.questions_waiting = Gauge(
            "rag_questions_waiting", "Questions that wait for a model's quota.", registry=self.registry
        )
        self.stale_indexes = Gauge(
            "rag_stale_indexes", "Clients whose vector index waits to be rebuilt.", registry=self.registry
        )
        self.requests = RequestMetrics(self.registry)

    def count_answer(self, model: str, degraded: bool, usage: Mapping[str, int]) -> None:
        """One answer; `usage` holds prompt_tokens, completion_tokens, cached_tokens and llm_calls."""
        self.answers.labels(model, str(degraded).lower()).inc()
        self.count_cost(model, usage)

    def count_cost(self, model: str, usage: Mapping[str, int]) -> None:
        """Calls and tokens, whatever they were for."""
        self.calls.labels(model).inc(usage["llm_calls"])
        for kind in ("prompt", "completion", "cached"):
            self.tokens.labels(model, kind).inc(usage[f"{kind}_tokens"])
