"""The stand-in's free plan says what the provider says, in its words and figures."""

import time

import httpx
import pytest
from groq_quota import FreePlan, go_duration
from groq_stand_in import MODELS, GroqStandIn

from conversational_rag.errors import PromptTooLarge, RateLimited
from conversational_rag.llm.headers import parse_duration
from conversational_rag.llm.refusals import explain

BIG = MODELS[0]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.547, "547ms"), (14.79, "14.79s"), (172.8, "2m52.8s"), (213.84, "3m33.84s"), (3723, "1h2m3s")],
)
def test_durations_are_printed_as_go_prints_them(seconds: float, text: str) -> None:
    assert go_duration(seconds) == text
    assert parse_duration(text) == pytest.approx(seconds)


def test_the_refusal_of_the_live_service_is_repeated_to_the_letter() -> None:
    plan = FreePlan(speed=1e-6)  # so slow that nothing refills during the test
    plan.drain(BIG, "TPM", 8_000 - 4_917)
    refusal = plan.admit(BIG, 4_555, 500)
    assert refusal is not None
    assert isinstance(refusal.body, dict)
    assert "Limit 8000, Used 4917, Requested 5055. Please try again in" in refusal.body["error"]["message"]
    error = explain(refusal.status, refusal.body, refusal.headers)
    assert isinstance(error, RateLimited)
    assert (error.scope, error.limit, error.used, error.requested) == ("TPM", 8000, 4917, 5055)
    assert error.retry_after == pytest.approx(14.79 * 1e6, rel=0.01)


@pytest.mark.parametrize("name", ["RPM", "RPD", "TPM", "TPD"])
def test_each_bucket_refuses_when_it_is_dry(name: str) -> None:
    plan = FreePlan()
    plan.drain(BIG, name)
    refusal = plan.admit(BIG, 1_000, 500)
    assert refusal is not None
    error = explain(refusal.status, refusal.body, refusal.headers)
    assert isinstance(error, RateLimited)
    assert error.scope == name
    assert plan.admit(MODELS[1], 1_000, 500) is None


def test_one_request_larger_than_the_bucket_is_a_413() -> None:
    refusal = FreePlan().admit(BIG, 100, 8_192)
    assert refusal is not None
    assert isinstance(explain(refusal.status, refusal.body), PromptTooLarge)
    assert refusal.status == 413


def test_cached_tokens_come_back_and_unused_output_only_when_told() -> None:
    for refunds, left in ((False, 7_000), (True, 7_400)):
        plan = FreePlan(speed=1e-6, refunds_output=refunds)
        assert plan.admit(BIG, 700, 500) is None
        plan.settle(BIG, 200, 400)
        assert plan.headers(BIG)["x-ratelimit-remaining-tokens"] == str(left)


def test_whoever_waits_as_long_as_it_is_told_is_admitted() -> None:
    with GroqStandIn(plan=FreePlan(speed=600.0)) as groq:
        body = {"model": BIG, "messages": [{"role": "user", "content": "x" * 4_000}], "max_tokens": 3_000}
        with httpx.Client(base_url=groq.url, headers={"Authorization": "Bearer k"}, timeout=10) as http:
            answers = [http.post("/openai/v1/chat/completions", json=body) for _ in range(3)]
            refused = answers[-1]
            assert [answer.status_code for answer in answers] == [200, 200, 429]
            assert refused.headers["x-ratelimit-limit-tokens"] == "8000"
            error = explain(429, refused.json(), refused.headers)
            assert 0 < (error.retry_after or 0) <= 60 / 600
            # Nothing to poll for: the told time itself is what is tested, and it is a twentieth of a second.
            time.sleep(error.retry_after or 0)
            assert http.post("/openai/v1/chat/completions", json=body).status_code == 200
