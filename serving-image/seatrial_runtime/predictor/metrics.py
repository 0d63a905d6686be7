"""What a predictor counts. Every series exists from the start at 0, so that no increase is lost to its first value.

Requests, durations, drops and comparisons are counted by the event loop; rows, batches and bins by the model's
thread, which is their only writer.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable

from seatrial.contract.manifest import Manifest
from seatrial.contract.metrics import (
    DURATION_EDGES,
    ERROR,
    LIVE,
    OK,
    OUTCOMES,
    PREDICTION_FEATURE,
    RESULTS,
    TRAFFICS,
)
from seatrial.contract.reference import Bins, CategoryBins, Reference
from seatrial.contract.schema import Task
from seatrial_runtime.predictor.bins import FeatureTallies, Tally, UnfitReferenceError, tally
from seatrial_runtime.predictor.protocol import Answer
from seatrial_runtime.predictor.rows import Rows

QUEUE_FULL, TIMEOUT, UNREACHABLE, REFUSED, TOO_LARGE = "queue_full", "timeout", "unreachable", "refused", "too_large"
DROP_REASONS = (QUEUE_FULL, TIMEOUT, UNREACHABLE, REFUSED, TOO_LARGE)
BATCH_EDGES: tuple[float, ...] = tuple(float(2**k) for k in range(15))


class Histogram:
    """Counts of values by upper edges, and their sum."""

    def __init__(self, edges: tuple[float, ...]) -> None:
        self.edges, self.counts, self.sum = edges, [0] * (len(edges) + 1), 0.0

    def add(self, value: float) -> None:
        """Count a value in the first bucket whose edge it does not exceed."""
        self.counts[bisect_left(self.edges, value)] += 1
        self.sum += value


class Counts:
    """Counters by one label of known values."""

    def __init__(self, values: Iterable[str]) -> None:
        self.by_value = dict.fromkeys(values, 0)

    def add(self, value: str, count: int = 1) -> None:
        """Count `count` events of a value that was named at the start."""
        self.by_value[value] += count


class Answered:
    """What is counted of a loaded model: its predictions by class or bin, and its inputs by the reference's bins."""

    def __init__(self, manifest: Manifest, reference: Reference | None, digest: str) -> None:
        reference = reference or Reference(0, {})
        self.info = {"digest": digest, "estimator": manifest.estimator, "protocol": "v2"}
        self._classification = manifest.output.task is Task.CLASSIFICATION
        bins = self._bins(manifest, reference)
        self.prediction_names = manifest.output.classes if self._classification else bins.names
        self.predictions: dict[str, Tally] = {traffic: tally(bins) for traffic in TRAFFICS}
        self._features = FeatureTallies(manifest.features, reference)
        self.features = dict(self._features.by_name)
        self._live_predictions: Tally | None = None
        if PREDICTION_FEATURE in reference.features:
            bins = reference.features[PREDICTION_FEATURE].bins
            if isinstance(bins, CategoryBins) != self._classification:
                raise UnfitReferenceError(f"reference: the bins of {PREDICTION_FEATURE} do not fit the model's task")
            self._live_predictions = self.features[PREDICTION_FEATURE] = tally(bins)

    def observe(self, traffic: str, rows: Rows, answer: Answer) -> None:
        """Count a request that the model answered; inputs only of live traffic."""
        self.predictions[traffic].add(answer.predictions)
        if traffic == LIVE:
            self._features.add(rows)
            if self._live_predictions is not None:
                self._live_predictions.add(answer.predictions)

    def _bins(self, manifest: Manifest, reference: Reference) -> Bins:
        if self._classification:
            return CategoryBins(manifest.output.classes)
        known = reference.features.get(PREDICTION_FEATURE)
        return CategoryBins(()) if known is None else known.bins


class Metrics:
    """All counts of one predictor."""

    def __init__(self) -> None:
        self.requests = {traffic: Counts(OUTCOMES) for traffic in TRAFFICS}
        self.durations = {traffic: Histogram(DURATION_EDGES) for traffic in TRAFFICS}
        self.shadow_dropped = Counts(DROP_REASONS)
        self.collector_dropped = Counts(DROP_REASONS)
        self.comparisons = Counts(RESULTS)
        self.batches = Histogram(BATCH_EDGES)
        self.depth: Callable[[], int] = lambda: 0
        self.answered: Answered | None = None  # None until a model is loaded

    def request(self, traffic: str, outcome: str, seconds: float) -> None:
        """Count a request, and its duration where the model had a part in it."""
        self.requests[traffic].add(outcome)
        if outcome in (OK, ERROR):
            self.durations[traffic].add(seconds)
