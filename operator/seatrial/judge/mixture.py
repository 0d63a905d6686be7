"""Mixing the likelihood ratios of several alternatives into one e-value.

Where each of several e-values is valid their weighted mean is one, so that nobody has to guess how bad a bad
candidate is (the method of mixtures: Robbins 1970; Howard & Ramdas 2021).
"""

from collections.abc import Callable, Sequence
from math import exp, inf, log
from typing import NamedTuple


class Alternative(NamedTuple):
    """A rate or ratio that the candidate may have, with its weight in the mixture."""

    value: float
    weight: float


def uniform(values: Sequence[float]) -> tuple[Alternative, ...]:
    """Return the values with equal weights that sum to 1."""
    return tuple(Alternative(value, 1 / len(values)) for value in values)


def with_favourite(values: Sequence[float], favourite: float) -> tuple[Alternative, ...]:
    """Return the favourite with half of the weight and the values with equal shares of the other half."""
    rest = (Alternative(value, 0.5 / len(values)) for value in values)
    return (Alternative(favourite, 0.5), *rest)


def geometric(low: float, high: float, size: int) -> list[float]:
    """Return `size` values from low to high, each the same factor above the one before."""
    step = log(high / low) / (size - 1)
    return [low * exp(step * index) for index in range(size)]


def log_mean(alternatives: Sequence[Alternative], log_ratio: Callable[[float], float]) -> float:
    """Return ln Σ weight · exp(log_ratio(value)), where the largest exponent cannot overflow."""
    terms = [log(weight) + log_ratio(value) for value, weight in alternatives]
    return log_sum_exp(terms)


def log_sum_exp(terms: Sequence[float]) -> float:
    """Return ln Σ exp(term), -inf for no terms."""
    largest = max(terms, default=-inf)
    if largest in (inf, -inf):
        return largest
    return largest + log(sum(exp(term - largest) for term in terms))
