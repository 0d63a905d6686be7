"""Mixing the likelihood ratios of several alternatives into one e-value.

Where each of several e-values is valid their weighted mean is one, so that nobody has to guess how bad a bad
candidate is (the method of mixtures: Robbins 1970; Howard & Ramdas 2021).
"""

from collections.abc import Callable, Sequence
from itertools import accumulate, repeat
from math import exp, inf, log
from typing import NamedTuple

# The weight of the test that begins with the first interval, where most candidates that are bad are bad from the start;
# the rest is for so many later ones.
FROM_THE_FIRST, MOST_STARTS = 0.8, 400


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


def log_mean_of_suffixes(mixed: Sequence[tuple[float, Sequence[float]]]) -> list[float]:
    """Return, for each interval, the log e-value of it and all after it, mixed over alternatives.

    `mixed` has each alternative's weight and its log-ratios by interval.
    """
    suffixes = [[log(weight) + total for total in accumulate(reversed(gains))][::-1] for weight, gains in mixed]
    return [log_sum_exp(column) for column in zip(*suffixes, strict=True)]


def from_any_start(evidence: Sequence[float]) -> float:
    """Return the log e-value of a test that may have begun with any interval; `evidence` has that of each beginning.

    Each is an e-process from its beginning on, and 1 before it, so their mean with weights that were fixed beforehand
    is one too. So hours in which a candidate did well do not hide for hours that it has turned bad: a change costs
    ln(MOST_STARTS / (1 - FROM_THE_FIRST)) of evidence, whenever it comes (e-detectors: Shin, Ramdas & Rinaldo 2023).
    """
    later = (1 - FROM_THE_FIRST) / MOST_STARTS
    weights = [FROM_THE_FIRST, *repeat(later, MOST_STARTS)]
    begun = [log(weight) + log_e for weight, log_e in zip(weights, evidence, strict=False)]
    return log_sum_exp([*begun, log(max(sum(weights[len(begun) :]), later))])


def log_sum_exp(terms: Sequence[float]) -> float:
    """Return ln Σ exp(term), -inf for no terms."""
    largest = max(terms, default=-inf)
    if largest in (inf, -inf):
        return largest
    return largest + log(sum(exp(term - largest) for term in terms))
