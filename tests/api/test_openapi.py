"""The OpenAPI document is true: whatever it allows to be sent, the server does not break."""

from collections.abc import Callable, Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from locked_server import Holder, LockedServer, locked
from running_server import RunningServer

EXAMPLES, EXAMPLES_LOCKED = 25, 5
PUBLIC = {"health", "healthz", "readyz", "sign_in"}
Check = Callable[[str, schemathesis.Response], bool]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LockedServer]:
    env = {"REQUESTS_PER_MINUTE": "0", "UPLOADS_PER_HOUR": "0"}
    with locked(tmp_path_factory.mktemp("locked"), **env) as whole:
        yield whole


def probe_everything(server: RunningServer, as_whom: Holder, reader: Holder, examples: int, is_right: Check) -> None:
    """Send what the document allows, operation by operation; `reader` may read the document."""
    schema = schemathesis.openapi.from_url(f"{server.url}/openapi.json", headers=bearer(reader))
    probed = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @given(case=operation.as_strategy())
        @settings(
            max_examples=examples,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        def probe(case: schemathesis.Case) -> None:
            response = case.call(timeout=60, headers=bearer(as_whom))
            name = case.operation.definition.raw["operationId"]
            assert is_right(name, response), f"{case.as_curl_command()}\n{response.status_code} {response.text}"

        probe()
        probed += 1
    assert probed >= 36


def bearer(holder: Holder) -> dict[str, str]:
    return {"Authorization": f"Bearer {holder.key}"} if holder.key else {}


def no_server_error(_: str, response: schemathesis.Response) -> bool:
    return response.status_code < 500


def refused_unless_public(operation: str, response: schemathesis.Response) -> bool:
    if operation in PUBLIC:
        return response.status_code < 500
    return response.status_code == 401 and response.headers["www-authenticate"][0].startswith("Bearer")


def test_no_operation_answers_with_a_server_error(server: RunningServer) -> None:
    anybody = Holder(server)
    probe_everything(server, anybody, anybody, EXAMPLES, no_server_error)


@pytest.mark.parametrize("name", ["admin", "manager", "chatter"])
def test_no_operation_answers_with_a_server_error_while_keys_are_required(house: LockedServer, name: str) -> None:
    holder: Holder = getattr(house, name)
    probe_everything(house.server, holder, house.admin, EXAMPLES_LOCKED, no_server_error)
    assert holder("GET", "/api/v1/auth/me").status_code == 200


def test_a_stranger_is_refused_whatever_is_sent(house: LockedServer) -> None:
    probe_everything(house.server, house.stranger, house.admin, EXAMPLES_LOCKED, refused_unless_public)


def test_every_operation_has_an_id_and_a_description(server: RunningServer) -> None:
    document = server.http.get("/openapi.json").json()
    operations = [
        operation for path in document["paths"].values() for operation in path.values() if "operationId" in operation
    ]
    ids = [operation["operationId"] for operation in operations]
    assert len(ids) == len(set(ids)) >= 27
    assert all(operation["description"] for operation in operations)


def test_the_addresses_of_the_contract_are_there(server: RunningServer) -> None:
    paths = server.http.get("/openapi.json").json()["paths"]
    assert {"/api/v1/documents", "/api/v1/documents/{document_id}", "/api/v1/ingest/jobs/{job_id}"} <= set(paths)
    assert {"/api/v1/ingest/", "/api/v1/chat/", "/api/v1/chat/stream", "/health", "/readyz", "/metrics"} <= set(paths)
