"""What the calls to one model teach about its tokens, as running averages. Kept over a restart."""

from dataclasses import dataclass, replace

_AVERAGE_WEIGHT, _SHARE_WEIGHT = 0.2, 0.5
_RATIO_RANGE = (0.5, 3.0)
# Until a model has answered: a few sentences, and what it thinks before them.
_USUAL_OUTPUT_TOKENS = 200.0


@dataclass(frozen=True, slots=True)
class Lessons:
    """What has been learnt so far.

    `token_ratio`: a prompt's real tokens for each one estimated, None before the first call. `output_tokens`: what an
    answer takes. `returned_share`: which part of the output that was reserved and not used comes back; the provider
    does not document whether any does.
    """

    token_ratio: float | None = None
    output_tokens: float = _USUAL_OUTPUT_TOKENS
    returned_share: float = 1.0

    def after_call(self, estimated_tokens: int, prompt_tokens: int, output_tokens: int) -> "Lessons":
        """A call has told its tokens; without a prompt it says nothing about estimates."""
        output = _nearer(self.output_tokens, output_tokens, _AVERAGE_WEIGHT)
        if estimated_tokens <= 0 or prompt_tokens <= 0:
            return replace(self, output_tokens=output)
        ratio = min(max(prompt_tokens / estimated_tokens, _RATIO_RANGE[0]), _RATIO_RANGE[1])
        known = self.token_ratio
        learnt = ratio if known is None else _nearer(known, ratio, _AVERAGE_WEIGHT)
        return replace(self, token_ratio=learnt, output_tokens=output)

    def after_correction(self, corrected_tokens: float, unused_tokens: float) -> "Lessons":
        """Our count was wrong by so much: that is laid to the output that was not used since the last correction."""
        share = min(max(self.returned_share + corrected_tokens / unused_tokens, 0.0), 1.0)
        return replace(self, returned_share=_nearer(self.returned_share, share, _SHARE_WEIGHT))


def _nearer(known: float, seen: float, weight: float) -> float:
    return known + weight * (seen - known)
