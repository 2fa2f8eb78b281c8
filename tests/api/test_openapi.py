"""The OpenAPI document is true: whatever it allows to be sent, the server does not break."""

import schemathesis
from hypothesis import HealthCheck, given, settings
from running_server import RunningServer

EXAMPLES = 40


def test_no_operation_answers_with_a_server_error(server: RunningServer) -> None:
    schema = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
    probed = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @given(case=operation.as_strategy())
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        def probe(case: schemathesis.Case) -> None:
            response = case.call(timeout=60)
            assert response.status_code < 500, f"{case.as_curl_command()}\n{response.text}"

        probe()
        probed += 1
    assert probed >= 26


def test_every_operation_has_an_id_and_a_description(server: RunningServer) -> None:
    document = server.http.get("/openapi.json").json()
    operations = [
        operation for path in document["paths"].values() for operation in path.values() if "operationId" in operation
    ]
    ids = [operation["operationId"] for operation in operations]
    assert len(ids) == len(set(ids)) >= 26
    assert all(operation["description"] for operation in operations)


def test_the_addresses_of_the_contract_are_there(server: RunningServer) -> None:
    paths = server.http.get("/openapi.json").json()["paths"]
    assert {"/api/v1/documents", "/api/v1/documents/{document_id}", "/api/v1/ingest/jobs/{job_id}"} <= set(paths)
    assert {"/api/v1/ingest/", "/api/v1/chat/", "/api/v1/chat/stream", "/health", "/readyz", "/metrics"} <= set(paths)
