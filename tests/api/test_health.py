"""/health, /healthz, /readyz, /metrics"""

import time

from running_server import RunningServer


def test_health_has_the_fields_of_the_contract(server: RunningServer) -> None:
    health = server.http.get("/health").json()
    assert health["status"] == "healthy"
    assert abs(health["timestamp"] - time.time()) < 60
    assert health["model"] == "openai/gpt-oss-120b"
    assert (health["vector_store"], health["session_storage"]) == ("chroma", "sqlite")
    assert health["database_path"].endswith("sessions.db")


def test_readiness_names_each_dependency(server: RunningServer, keyless: RunningServer) -> None:
    assert server.http.get("/healthz").json() == {"status": "alive"}
    ready = server.http.get("/readyz").json()
    assert ready["status"] == "ready"
    states = {name: state["status"] for name, state in ready["dependencies"].items()}
    expected = ("database", "vector_store", "uploads", "embedding", "language_model")
    assert states == dict.fromkeys(expected, "ok")
    without_key = keyless.http.get("/readyz").json()
    assert without_key["status"] == "ready"
    assert "GROQ_API_KEY" in without_key["dependencies"]["language_model"]["detail"]


def test_metrics_are_prometheus_text_and_count_answers(server: RunningServer) -> None:
    client_id = server.new_client(("a.txt", b"Alpha is the first letter."))
    server.ask(client_id, "What is alpha?")
    text = server.http.get("/metrics").text
    assert "# TYPE rag_answers_total counter" in text
    assert 'rag_answers_total{degraded="false",model="openai/gpt-oss-120b"}' in text
    assert 'handler="/api/v1/chat/"' in text
    assert client_id not in text


def test_a_request_id_goes_in_and_out(server: RunningServer) -> None:
    given = server.http.get("/health", headers={"X-Request-ID": "trace-42"})
    assert given.headers["X-Request-ID"] == "trace-42"
    made = server.http.get("/nothing/here", headers={"X-Request-ID": "not well formed"})
    assert made.headers["X-Request-ID"] == made.json()["request_id"] != "not well formed"
    assert len(made.headers["X-Request-ID"]) == 32
