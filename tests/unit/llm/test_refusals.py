import groq_turns as turns
import pytest
from groq_turns import Refusal, filled_in

from conversational_rag.errors import (
    BadGeneration,
    KeyRefused,
    ModelError,
    ModelGone,
    ModelUnreachable,
    OverCapacity,
    PromptTooLarge,
    RateLimited,
)
from conversational_rag.llm.refusals import explain


def explained(refusal: Refusal) -> ModelError:
    refusal = filled_in(refusal, "openai/gpt-oss-120b")
    return explain(refusal.status, refusal.body, refusal.headers)


def json_error(status: int, code: str | None = None, message: str = "No.", **more: str) -> Refusal:
    return Refusal(status, {"error": {"message": message, "type": "invalid_request_error", "code": code, **more}})


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        (turns.rate_limited("RPM", "2s", 2), RateLimited),
        (turns.too_large(), PromptTooLarge),
        (turns.output_too_large(), PromptTooLarge),
        (Refusal(413, "<html>Request Entity Too Large</html>"), PromptTooLarge),
        (json_error(400, "context_length_exceeded"), PromptTooLarge),
        (json_error(400, param="max_completion_tokens"), PromptTooLarge),
        (turns.gone(404), ModelGone),
        (turns.gone(400), ModelGone),
        (turns.blocked(), ModelGone),
        (json_error(403, "model_permission_blocked_project"), ModelGone),
        (json_error(400, "model_terms_required"), ModelGone),
        (json_error(404, "unknown_url"), ModelUnreachable),
        (Refusal(404, "nginx"), ModelUnreachable),
        (turns.key_refused(), KeyRefused),
        (json_error(403, "forbidden"), KeyRefused),
        (json_error(400, "blocked_api_access"), KeyRefused),
        (json_error(400, "spend_limit_reached"), KeyRefused),
        (turns.forbidden_html(), ModelUnreachable),
        (json_error(400, "json_validate_failed"), BadGeneration),
        (json_error(400, None, "`reasoning_effort` must be one of `low`, `medium`, or `high`"), BadGeneration),
        (json_error(422), BadGeneration),
        (json_error(424), BadGeneration),
        (json_error(409), BadGeneration),
        (json_error(408), ModelUnreachable),
        (turns.server_error(500), ModelUnreachable),
        (turns.server_error(502), ModelUnreachable),
        (turns.over_capacity(503), OverCapacity),
        (turns.over_capacity(498), OverCapacity),
        (Refusal(301, ""), ModelUnreachable),
        (Refusal(0, {"error": "something odd"}), BadGeneration),
    ],
)
def test_each_refusal_becomes_its_error(refusal: Refusal, kind: type[ModelError]) -> None:
    assert type(explained(refusal)) is kind


@pytest.mark.parametrize("scope", ["RPM", "RPD", "TPM", "TPD"])
def test_the_bucket_that_ran_dry_is_named(scope: str) -> None:
    error = explained(turns.rate_limited(scope, "3m33.84s", 214))
    assert isinstance(error, RateLimited)
    assert error.scope == scope


def test_the_wait_is_the_longer_of_the_text_and_the_header() -> None:
    assert explained(turns.rate_limited("TPM", "14.79s", 2)).retry_after == pytest.approx(14.79)
    assert explained(turns.rate_limited("TPD", "3m33.84s", 214)).retry_after == 214.0
    assert explained(turns.rate_limited("TPM", "547ms", None)).retry_after == pytest.approx(0.547)
    assert explain(429, "Too many requests").retry_after is None


def test_a_request_larger_than_the_bucket_tells_both_figures_and_no_wait() -> None:
    for error in (explained(turns.too_large(8000, 14137)), explained(turns.output_too_large(8000, 14137))):
        assert isinstance(error, PromptTooLarge)
        assert (error.limit, error.requested, error.retry_after) == (8000, 14137, None)


def test_the_largest_output_is_read_from_the_refusal_of_a_larger_one() -> None:
    message = "`max_completion_tokens` must be less than or equal to `8192`, the maximum value for this model"
    error = explained(json_error(400, None, message, param="max_completion_tokens"))
    assert isinstance(error, PromptTooLarge)
    assert error.limit == 8192


@pytest.mark.parametrize(
    "refusal", [turns.rate_limited(), turns.too_large(), turns.output_too_large(), turns.blocked()]
)
def test_the_providers_own_text_stays_out_of_the_message(refusal: Refusal) -> None:
    error = explained(refusal)
    assert "org_" not in error.detail
    assert "org_" not in str(error.extensions)
    assert "console.groq.com" not in error.detail


def test_an_error_inside_a_stream_is_known_by_its_code() -> None:
    assert isinstance(explain(0, {"error": {"message": "Limit 5", "code": "rate_limit_exceeded"}}), RateLimited)
    assert isinstance(explain(0, {"message": "x is currently over capacity", "code": None}), OverCapacity)
