"""/api/v1/usage"""

import time

import pytest
from running_server import RunningServer

NOTHING = {"answers": 0, "degraded": 0, "llm_calls": 0, "prompt_tokens": 0, "completion_tokens": 0, "cached_tokens": 0}


def test_usage_sums_what_the_answers_said_they_cost(server: RunningServer) -> None:
    client_id = server.new_client(("a.txt", b"Alpha is the first letter. Omega is the last."))
    first = server.ask(client_id, "What is alpha?")
    second = server.ask(client_id, "And omega?", session_id=first["session_id"])
    forgetful = server.ask(client_id, "What is omega, then?", use_memory=False)
    costs = [answer["usage"] for answer in (first, second, forgetful)]
    expected = {name: sum(cost[name] for cost in costs) for name in costs[0]} | {"answers": 3, "degraded": 0}
    (own,) = server.http.get("/api/v1/usage", params={"client_id": client_id}).json()["clients"]
    assert own == {"client_id": client_id, "last_24_hours": expected, "last_7_days": expected}
    everybody = server.http.get("/api/v1/usage").json()
    assert own in everybody["clients"]
    assert everybody["total"]["last_7_days"]["answers"] >= 3
    server.http.delete(f"/api/v1/sessions/{first['session_id']}")
    (after,) = server.http.get("/api/v1/usage", params={"client_id": client_id}).json()["clients"]
    assert after == own, "a deleted conversation has cost what it has cost"


def test_a_deleted_client_and_an_unknown_one_have_used_nothing(server: RunningServer) -> None:
    client_id = server.new_client(("a.txt", b"Alpha."))
    server.ask(client_id, "What is alpha?")
    server.http.delete(f"/api/v1/chat/collections/{client_id}")
    assert client_id not in server.http.get("/api/v1/usage").text
    for who in (client_id, "nobody-here"):
        (own,) = server.http.get("/api/v1/usage", params={"client_id": who}).json()["clients"]
        assert own == {"client_id": who, "last_24_hours": NOTHING, "last_7_days": NOTHING}


def test_quotes_without_a_model_are_counted_as_such(keyless: RunningServer) -> None:
    client_id = keyless.new_client(("a.txt", b"Alpha is the first letter."))
    keyless.ask(client_id, "What is alpha?")
    (own,) = keyless.http.get("/api/v1/usage", params={"client_id": client_id}).json()["clients"]
    assert own["last_24_hours"] == NOTHING | {"answers": 1, "degraded": 1}


@pytest.mark.parametrize(("window", "seconds", "count"), [("24h", 3600, 24), ("7d", 21_600, 28), ("30d", 86_400, 30)])
def test_the_history_has_every_step_and_ends_with_now(
    server: RunningServer, window: str, seconds: int, count: int
) -> None:
    client_id = server.new_client(("a.txt", b"Alpha is the first letter. Omega is the last."))
    cost = server.ask(client_id, "What is alpha?")["usage"]
    asked = {"window": window, "client_id": client_id}
    history = server.http.get("/api/v1/usage/history", params=asked).json()
    assert (history["window"], history["step_seconds"], len(history["points"])) == (window, seconds, count)
    starts = [point["start"] for point in history["points"]]
    assert starts == list(range(starts[0], starts[0] + count * seconds, seconds))
    assert starts[-1] % seconds == 0
    assert starts[-1] <= time.time() < starts[-1] + seconds
    # An hour may have ended since the question.
    *before, last = ({name: point[name] for name in NOTHING} for point in history["points"])
    assert NOTHING | cost | {"answers": 1} in (last, before[-1])
    assert before[:-1] == [NOTHING] * (count - 2)
    together = server.http.get("/api/v1/usage/history", params={"window": window}).json()["points"]
    assert sum(point["llm_calls"] for point in together[-2:]) >= cost["llm_calls"]


def test_the_history_of_nobody_is_empty_and_other_windows_are_refused(server: RunningServer) -> None:
    nobody = server.http.get("/api/v1/usage/history", params={"client_id": "nobody-here"}).json()
    assert nobody["window"] == "24h"
    assert all(point == NOTHING | {"start": point["start"]} for point in nobody["points"])
    assert server.http.get("/api/v1/usage/history", params={"window": "1y"}).status_code == 422
