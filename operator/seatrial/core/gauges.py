"""What the operator says in its own metrics about a ModelDeployment: the rules for drift and accuracy rest on it."""

from collections.abc import Iterator

from seatrial.api.spec import Spec
from seatrial.api.status import Status
from seatrial.contract import metrics
from seatrial.contract.reference import Reference
from seatrial.core.decision import Gauge
from seatrial.core.observed import Observed


def gauges(observed: Observed, spec: Spec, status: Status) -> tuple[Gauge, ...]:
    """Return every series of this object."""
    return (*rollout_gauges(status), *_limits(observed, spec), *_reference(observed, spec, status))


def rollout_gauges(status: Status) -> Iterator[Gauge]:
    """Yield what serves, and what is on trial."""
    if status.stable is not None:
        revision = {metrics.REVISION: status.stable.revision, metrics.VERSION: status.stable.version}
        yield Gauge(metrics.STABLE, revision, 1)
    if status.trial is not None:
        candidate = status.trial.candidate
        revision = {metrics.REVISION: candidate.revision, metrics.VERSION: candidate.version}
        yield Gauge(metrics.CANDIDATE_WEIGHT, revision, status.weight)


def _limits(observed: Observed, spec: Spec) -> Iterator[Gauge]:
    drift, accuracy = spec.monitoring.drift, spec.monitoring.accuracy
    if drift is not None:
        window = {metrics.WINDOW: drift.window}
        yield Gauge(metrics.DRIFT_THRESHOLD, window, drift.threshold)
        yield Gauge(metrics.DRIFT_MINIMUM_ROWS, window, drift.minimum_rows)
    if accuracy is not None and not observed.is_regression:
        window = {metrics.WINDOW: accuracy.window}
        yield Gauge(metrics.ACCURACY_MINIMUM, window, accuracy.minimum)
        yield Gauge(metrics.ACCURACY_MINIMUM_LABELS, window, accuracy.minimum_labels)


def _reference(observed: Observed, spec: Spec, status: Status) -> Iterator[Gauge]:
    """A reference was read for what was stable before this decision; of what is promoted now it comes next time."""
    reference = observed.reference
    if spec.monitoring.drift is None or reference is None or status.stable is None:
        return
    if observed.status.stable is None or observed.status.stable.digest != status.stable.digest:
        return
    revision = {metrics.REVISION: status.stable.revision}
    yield Gauge(metrics.REFERENCE_ROWS, revision, reference.rows)
    for feature, name, share in _shares(reference):
        yield Gauge(metrics.REFERENCE_SHARE, {**revision, metrics.FEATURE: feature, metrics.BIN: name}, share)


def _shares(reference: Reference) -> Iterator[tuple[str, str, float]]:
    """Yield each bin's share of the reference rows, smoothed as the rules smooth the live counts: half a row a bin."""
    for feature, distribution in reference.features.items():
        names, counts = distribution.bins.names, distribution.counts
        whole = sum(counts) + 0.5 * len(counts)
        yield from ((feature, name, (count + 0.5) / whole) for name, count in zip(names, counts, strict=True))
