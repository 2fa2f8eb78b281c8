"""Two quantiles, as all benchmarks tell them."""

from collections.abc import Sequence


def p50(values: Sequence[float]) -> float:
    """Half are not above it."""
    return sorted(values)[(len(values) - 1) // 2]


def p99(values: Sequence[float]) -> float:
    """99 of 100 are not above it."""
    return sorted(values)[int(0.99 * (len(values) - 1))]
