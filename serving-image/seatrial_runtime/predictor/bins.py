"""Counts live values into the reference's bins, at a cost of about 0.1 µs a value.

A few values are counted one by one in plain lists (an element of an array costs three times as much to add to);
many at once by numpy. Both give exactly the bins of `contract.reference`.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from seatrial.contract.reference import Bins, CategoryBins, NumericBins, Reference
from seatrial.contract.schema import Feature, Kind, class_name
from seatrial_runtime.predictor.rows import Rows

_MANY = 32  # values from which on numpy is faster
_NUMERIC = (Kind.NUMBER, Kind.INTEGER)


class UnfitReferenceError(ValueError):
    """The reference has bins that do not fit the manifest's features."""


class Tally(Protocol):
    """How many values fell into each bin."""

    @property
    def bins(self) -> Bins:
        """The bins, whose names are in the order of the counts."""

    @property
    def counts(self) -> Sequence[int]:
        """The count of each bin."""

    def add(self, values: Sequence[Any]) -> None:
        """Count values; None is a missing one."""


class NumericTally:
    """Counts numbers."""

    def __init__(self, bins: NumericBins) -> None:
        self.bins = bins
        self.counts = [0] * len(bins.names)
        self._edges = np.array(bins.edges, dtype=np.float64)

    def add(self, values: Sequence[float | None]) -> None:
        """Count values; None is a missing one."""
        if len(values) >= _MANY:
            self._add_many(values)
            return
        counts, edges = self.counts, self.bins.edges
        low, high, missing = self.bins.minimum, self.bins.maximum, len(edges) + 1
        for value in values:
            if value is None:
                counts[missing] += 1
            elif low <= value <= high:
                counts[bisect_right(edges, value)] += 1
            else:
                counts[missing + 1] += 1

    def _add_many(self, values: Sequence[float | None]) -> None:
        numbers = np.array(values, dtype=np.float64)  # None becomes NaN
        missing = len(self.bins.edges) + 1
        index = np.searchsorted(self._edges, numbers, side="right")
        index[(numbers < self.bins.minimum) | (numbers > self.bins.maximum)] = missing + 1
        index[np.isnan(numbers)] = missing
        for i, count in enumerate(np.bincount(index, minlength=len(self.counts)).tolist()):
            self.counts[i] += count


class CategoryTally:
    """Counts texts, booleans and classes."""

    def __init__(self, bins: CategoryBins) -> None:
        self.bins = bins
        self.counts = [0] * len(bins.names)
        self._position: dict[Any, int] = {value: i for i, value in enumerate(bins.values)}
        for truth in (False, True):
            self._position[truth] = bins.index(class_name(truth))
        self._position[None] = bins.index(None)
        self._other = len(bins.values)

    def add(self, values: Sequence[str | bool | None]) -> None:
        """Count values; None is a missing one."""
        if len(values) == 1:
            self.counts[self._position.get(values[0], self._other)] += 1
            return
        for value, count in Counter(values).items():
            self.counts[self._position.get(value, self._other)] += count


def tally(bins: Bins) -> Tally:
    """Return empty counts."""
    return NumericTally(bins) if isinstance(bins, NumericBins) else CategoryTally(bins)


class FeatureTallies:
    """Counts the watched features of rows."""

    def __init__(self, features: tuple[Feature, ...], reference: Reference) -> None:
        self._watched: list[tuple[int, Tally]] = []
        self.by_name: dict[str, Tally] = {}
        for position, feature in enumerate(features):
            if feature.name in reference.features:
                counts = tally(_fitting(feature, reference))
                self._watched.append((position, counts))
                self.by_name[feature.name] = counts

    def add(self, rows: Rows) -> None:
        """Count the rows."""
        columns = rows.columns
        for position, counts in self._watched:
            counts.add(columns[position])


def _fitting(feature: Feature, reference: Reference) -> Bins:
    bins = reference.features[feature.name].bins
    if isinstance(bins, NumericBins) != (feature.kind in _NUMERIC):
        raise UnfitReferenceError(f"reference: the bins of {feature.name} do not fit a feature of kind {feature.kind}")
    return bins
