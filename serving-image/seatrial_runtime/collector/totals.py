"""The counters as Prometheus reads them: every one exists, at 0 where nothing happened, for each revision seen."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from seatrial.contract import metrics
from seatrial.contract.feedback import Refusal
from seatrial_runtime.collector.database import MAXIMUM_SERIES
from seatrial_runtime.collector.troubles import Cause


@dataclass(frozen=True, slots=True)
class Series:
    """The counters of one revision of one version."""

    revision: str
    version: str
    collected: int
    labelled: int
    correct: int
    wrong: int
    drawn_correct: int
    drawn_wrong: int
    expired: int
    overflowed: int
    stored_predictions: int
    stored_labels: int

    @property
    def waiting(self) -> int:
        """Predictions that may still get a label."""
        return self.collected - self.labelled - self.expired - self.overflowed


@dataclass(frozen=True, slots=True)
class Pairs:
    """The pairs of one candidate's revision with one that answered, by result."""

    revision: str
    version: str
    control: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Totals:
    """All counters of a collector."""

    series: tuple[Series, ...]
    pairs: tuple[Pairs, ...]
    refused: Mapping[str, int]


def read_totals(db: sqlite3.Connection) -> Totals:
    """Read the counters of the newest revisions and pairs of revisions."""
    rows = db.execute(
        "SELECT revision, version, collected, labelled, correct, wrong, drawn_correct, drawn_wrong, expired,"
        " overflowed, stored_predictions, stored_labels FROM series ORDER BY id DESC LIMIT ?",
        (MAXIMUM_SERIES,),
    )
    series = tuple(Series(*row) for row in rows)
    return Totals(series, _read_pairs(db), dict(db.execute("SELECT reason, labels FROM refused").fetchall()))


def _read_pairs(db: sqlite3.Connection) -> tuple[Pairs, ...]:
    columns = ", ".join(metrics.PAIR_RESULTS)
    rows = db.execute(
        f"SELECT revision, version, control, {columns} FROM pairs ORDER BY id DESC LIMIT ?",  # noqa: S608
        (MAXIMUM_SERIES,),
    )
    return tuple(
        Pairs(revision, version, control, dict(zip(metrics.PAIR_RESULTS, counts, strict=True)))
        for revision, version, control, *counts in rows
    )


def exposition(totals: Totals, failures: Mapping[Cause, int], namespace: str, name: str) -> bytes:
    """Return the counters in Prometheus' text format; `failures` are flushes that failed."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Source(totals, failures, namespace, name))
    return generate_latest(registry)


@dataclass(frozen=True, slots=True, eq=False)  # hashed by identity: a registry keys its sources
class _Source:
    totals: Totals
    failures: Mapping[Cause, int]
    namespace: str
    name: str

    def collect(self) -> Iterator[Metric]:
        refused = {reason.value: self.totals.refused.get(reason.value, 0) for reason in Refusal}
        yield self._by_reason(metrics.LABELS_REFUSED, "Labels that were not counted.", refused)
        failures = {cause.value: self.failures.get(cause, 0) for cause in Cause}
        yield self._by_reason(metrics.FLUSH_FAILURES, "Attempts to store rows that failed.", failures)
        yield self._counter(metrics.COLLECTED, "Predictions taken.", lambda s: {(): s.collected})
        yield self._counter(
            metrics.LABELS,
            "Labels that found their prediction.",
            lambda s: {(metrics.RIGHT,): s.correct, (metrics.WRONG,): s.wrong},
            metrics.RESULT,
        )
        yield self._counter(
            metrics.DRAWN_LABELS,
            "Of those the ones of a row that was drawn, one of a request.",
            lambda s: {(metrics.RIGHT,): s.drawn_correct, (metrics.WRONG,): s.drawn_wrong},
            metrics.RESULT,
        )
        yield self._pairs()
        yield self._counter(metrics.LABELLED_ROWS, "Rows that a training could use.", lambda s: {(): s.labelled})
        yield self._counter(
            metrics.STORED,
            "Rows that are in the store.",
            lambda s: {("predictions",): s.stored_predictions, ("labels",): s.stored_labels},
            "kind",
        )
        yield self._counter(
            metrics.UNLABELLED_DROPPED,
            "Predictions that left without a label.",
            lambda s: {("expired",): s.expired, ("overflow",): s.overflowed},
            metrics.REASON,
        )
        waiting = GaugeMetricFamily(
            metrics.UNLABELLED, "Predictions that wait for their label.", labels=list(metrics.IDENTITY)
        )
        for series in self.totals.series:
            waiting.add_metric([self.namespace, self.name, series.revision, series.version], series.waiting)
        yield waiting

    def _counter(
        self, name: str, text: str, read: Callable[[Series], Mapping[tuple[str, ...], int]], *labels: str
    ) -> Metric:
        family = CounterMetricFamily(name, text, labels=[*metrics.IDENTITY, *labels])
        for series in self.totals.series:
            for values, count in read(series).items():
                family.add_metric([self.namespace, self.name, series.revision, series.version, *values], count)
        return family

    def _pairs(self) -> Metric:
        labels = [*metrics.IDENTITY, metrics.CONTROL, metrics.RESULT]
        family = CounterMetricFamily(metrics.LABEL_PAIRS, "Labels of rows that a shadow answered too.", labels=labels)
        for pairs in self.totals.pairs:
            whose = (self.namespace, self.name, pairs.revision, pairs.version, pairs.control)
            for result, count in pairs.counts.items():
                family.add_metric([*whose, result], count)
        return family

    def _by_reason(self, name: str, text: str, counts: Mapping[str, int]) -> Metric:
        family = CounterMetricFamily(name, text, labels=[metrics.NAMESPACE, metrics.NAME, metrics.REASON])
        for reason, count in counts.items():
            family.add_metric([self.namespace, self.name, reason], count)
        return family
