"""/api/v1/ingest/jobs, and uploads in the background"""

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import sse_reader
from application_in_process import application
from files.makers import make_scan_pdf
from running_server import RunningServer

from conversational_rag.errors import StorageFull
from conversational_rag.security.tenants import Tenant

# Some minutes of embedding: nobody waits for its end.
LONG = " ".join(
    f"Sentence number {number} tells of ships that came from far away." for number in range(30_000)
).encode()


def in_background(server: RunningServer, *files: tuple[str, bytes], **form: str) -> httpx2.Response:
    sent = [("files", file) for file in files]
    return server.http.post("/api/v1/ingest/?background=true", files=sent, data=form)


def watch(server: RunningServer, job_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
    with server.http.stream("GET", f"/api/v1/ingest/jobs/{job_id}/events") as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        yield from sse_reader.events(response.iter_lines())


def end_of(server: RunningServer, job_id: str) -> dict[str, Any]:
    *_, (name, job) = watch(server, job_id)
    assert name == "end"
    return job


@pytest.fixture
def long_job(server: RunningServer) -> Iterator[dict[str, Any]]:
    """An upload of a short file and then a long one, whose short one can be searched already."""
    accepted = in_background(server, ("short.txt", b"The short file is here."), ("long.txt", LONG)).json()
    for _, job in watch(server, accepted["job_id"]):
        if job["documents"][0]["status"] == "ready" and job["state"] == "embedding":
            break
    yield job
    server.http.delete(f"/api/v1/chat/collections/{job['client_id']}")


def test_an_upload_in_the_background_is_accepted_and_then_goes_on_by_itself(server: RunningServer) -> None:
    response = in_background(server, ("a.txt", b"Alpha is first."), ("b.txt", b"Beta is second."))
    assert response.status_code == 202
    accepted = response.json()
    assert response.headers["location"] == f"/api/v1/ingest/jobs/{accepted['job_id']}"
    assert (accepted["created"], accepted["finished"], accepted["files"]) == (True, False, 2)
    assert {document["status"] for document in accepted["documents"]} == {"queued"}
    job = end_of(server, accepted["job_id"])
    assert (job["state"], job["finished"], job["files_done"], job["chunks_done"]) == ("ready", True, 2, 2)
    assert server.http.get(response.headers["location"]).json() == job
    assert "Alpha" in server.ask(job["client_id"], "What is first?")["sources"][0]["content"]


def test_a_background_upload_of_which_nothing_can_be_stored_ends_and_its_client_stays(server: RunningServer) -> None:
    for file, state in ((("scan.pdf", make_scan_pdf()), "empty"), (("bad.pdf", b"%PDF-1.7 and nothing"), "failed")):
        job = end_of(server, in_background(server, file).json()["job_id"])
        assert (job["state"], job["documents"][0]["status"]) == (state, state)
        assert server.http.get(f"/api/v1/chat/collections/{job['client_id']}/stats").status_code == 200


def test_a_background_upload_that_is_refused_on_arrival_is_refused_at_once(server: RunningServer) -> None:
    assert in_background(server, ("folder/a.txt", b"Text.")).status_code == 422
    assert in_background(server, ("", b"Text.")).status_code == 422


def test_the_events_of_a_job_tell_its_progress_and_end(server: RunningServer, long_job: dict[str, Any]) -> None:
    seen = []
    for name, job in watch(server, long_job["job_id"]):
        seen.append((name, job["state"]))
        if job["chunks_done"] > long_job["chunks_done"]:
            break
    assert set(seen) == {("progress", "embedding")}
    assert job["chunks"] > 1000
    assert job["seconds_left"] > 0
    server.http.delete(f"/api/v1/ingest/jobs/{job['job_id']}")
    assert [name for name, _ in watch(server, job["job_id"])] == ["end"]


def test_a_cancelled_job_ends_and_what_can_be_searched_already_stays(
    server: RunningServer, long_job: dict[str, Any]
) -> None:
    address = f"/api/v1/ingest/jobs/{long_job['job_id']}"
    cancelled = server.http.delete(address, params={"client_id": long_job["client_id"]})
    assert cancelled.status_code == 200
    job = cancelled.json()
    assert (job["state"], job["finished"], job["seconds_left"]) == ("partial", True, None)
    assert [(document["status"], document["code"]) for document in job["documents"]] == [
        ("ready", None),
        ("failed", "upload_cancelled"),
    ]
    assert server.http.delete(address).json() == server.http.get(address).json() == job
    sources = server.ask(job["client_id"], "Which file is here?")["sources"]
    assert {source["filename"] for source in sources} == {"short.txt"}
    again = server.upload(("next.txt", b"The next file."), client_id=job["client_id"])
    assert again.json()["documents"][0]["status"] == "ready"


def test_a_job_that_is_deleted_with_its_client_ends_its_events_with_an_error(
    server: RunningServer, long_job: dict[str, Any]
) -> None:
    events = watch(server, long_job["job_id"])
    assert next(events)[0] == "progress"
    server.http.delete(f"/api/v1/chat/collections/{long_job['client_id']}")
    *_, (name, problem) = events
    assert (name, problem["code"]) == ("error", "job_not_found")


def test_an_upload_goes_on_when_its_sender_leaves(server: RunningServer) -> None:
    client = server.new_client(("first.txt", b"The first file."))
    body = (
        b'--x\r\nContent-Disposition: form-data; name="client_id"\r\n\r\n' + client.encode() + b"\r\n"
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="left.txt"\r\n\r\n'
        + b"The sender has left. " * 2000
        + b"\r\n--x--\r\n"
    )
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("POST", "/api/v1/ingest/", body, {"Content-Type": "multipart/form-data; boundary=x"})
    documents: dict[str, Any] = {"total": 0}
    while documents["total"] < 2:
        documents = server.http.get("/api/v1/documents", params={"client_id": client}).json()
    connection.close()
    while documents["documents"][0]["status"] in ("queued", "parsing", "embedding"):
        documents = server.http.get("/api/v1/documents", params={"client_id": client}).json()
    assert [document["status"] for document in documents["documents"]] == ["ready", "ready"]


def test_another_client_and_nobody_do_not_find_a_job(server: RunningServer) -> None:
    own = in_background(server, ("a.txt", b"Alpha is first.")).json()
    other = server.new_client(("x.txt", b"Something else."))
    address = f"/api/v1/ingest/jobs/{own['job_id']}"
    for who in (other, "nobody-here"):
        for method, path in (("GET", ""), ("GET", "/events"), ("DELETE", "")):
            response = server.http.request(method, address + path, params={"client_id": who})
            assert (response.status_code, response.json()["code"]) == (404, "job_not_found")
    assert server.http.get(address, params={"client_id": own["client_id"]}).status_code == 200
    for unknown in ("job_0", "%00", "x" * 500):
        for method, path in (("GET", ""), ("GET", "/events"), ("DELETE", "")):
            assert server.http.request(method, f"/api/v1/ingest/jobs/{unknown}{path}").status_code == 404


def test_a_stop_ends_open_events_at_once_and_the_next_start_goes_on(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server:
        job = in_background(server, ("long.txt", LONG[:150_000])).json()
        events = watch(server, job["job_id"])
        assert next(events)[0] == "progress"
        server.stop()
        *_, (name, problem) = events
        assert (name, problem["code"]) == ("error", "unavailable")
        server.start()
        assert end_of(server, job["job_id"])["state"] == "ready"


class PutOff:
    """A worker that finds the disk full."""

    async def finished(self, tenant: Tenant, job_id: str) -> None:
        raise StorageFull("The disk is full; the upload is kept.", job_id=job_id, client_id=tenant.client_id)


async def test_an_upload_that_is_put_off_says_so_and_where_to_look(tmp_path: Path) -> None:
    async with application(tmp_path) as (http, resources):
        worker, resources.worker = resources.worker, PutOff()  # type: ignore[assignment]
        response = await http.post("/api/v1/ingest/", files=[("files", ("a.txt", b"Alpha is first."))])
        resources.worker = worker
        problem = response.json()
        assert (response.status_code, problem["code"]) == (507, "storage_full")
        assert response.headers["location"] == f"/api/v1/ingest/jobs/{problem['job_id']}"
        await worker.finished(Tenant(problem["client_id"]), problem["job_id"])
        job = (await http.get(response.headers["location"])).json()
        assert job["state"] == "ready", json.dumps(job)
