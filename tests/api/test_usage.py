"""GET /api/v1/usage"""

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
