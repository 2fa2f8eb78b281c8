"""GET /api/v1/models"""

from groq_stand_in import MODELS
from running_server import RunningServer


def test_the_models_stand_in_order_with_what_is_left_of_their_quota(server: RunningServer) -> None:
    client = server.new_client(("a.txt", b"Alpha is the first letter."))
    assert server.ask(client, "What is alpha, and since when?")["model"] == MODELS[0]
    shown = server.http.get("/api/v1/models")
    assert shown.status_code == 200
    assert "gsk_" not in shown.text
    body = shown.json()
    assert body["extractive"] is True
    assert [(each["model"], each["role"]) for each in body["models"]] == [
        (MODELS[0], "main"),
        *((name, "fallback") for name in MODELS[1:]),
    ]
    for each in body["models"]:
        assert each["state"] in ("available", "waiting", "unavailable")
        assert {quota["name"] for quota in each["buckets"]} >= {"requests_per_day", "tokens_per_minute"}
        assert all(0 <= quota["left"] <= quota["limit"] for quota in each["buckets"])
    day = next(quota for quota in body["models"][0]["buckets"] if quota["name"] == "requests_per_day")
    assert day["left"] < day["limit"]
    assert day["full_in"] > 0


def test_without_a_key_no_model_can_be_asked(keyless: RunningServer) -> None:
    body = keyless.http.get("/api/v1/models").json()
    assert len(body["models"]) == len(MODELS)
    for each in body["models"]:
        assert (each["state"], each["retry_after"], each["buckets"]) == ("no_key", None, [])
