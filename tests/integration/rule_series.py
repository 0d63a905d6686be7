"""What Prometheus has of a model in the tests of the rules, and what promtool is to expect of it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from seatrial.api.status import RevisionRef, Status
from seatrial.contract import metrics
from seatrial.contract.reference import CategoryBins, Distribution, NumericBins, Reference
from seatrial.core.gauges import gauges
from tests import given
from tests.unit.chart.rules import OPERATOR, Document, rules_for, run_promtool, series

MODEL = {metrics.NAMESPACE: "ml", metrics.NAME: "risk"}
STABLE = {**MODEL, metrics.REVISION: "aaaa"}
FIRED = {**STABLE, "namespace": "ml"}  # what an alert says of them
# The target labels of the operator's series, of the model's, and of a pod that says that its series are the model's.
BY_OPERATOR, BY_MODEL, BY_OTHERS = {"namespace": OPERATOR}, {"namespace": "ml"}, {"namespace": "evil"}
WINDOW = 60  # seconds
LONG = "x300"
REFERENCE_ROWS = 7000
COUNTS = {
    "age": (700, 690, 720, 700, 680, 710, 700, 690, 705, 705, 0, 0),
    "team": (3000, 2500, 1000, 500, 0, 0),
}
REFERENCE = Reference(
    REFERENCE_ROWS,
    {
        "age": Distribution(NumericBins(tuple(float(i) for i in range(9)), 0.0, 9.0), COUNTS["age"]),
        "team": Distribution(CategoryBins(("a", "b", "c", "d")), COUNTS["team"]),
    },
)


def reference_series() -> list[Document]:
    """What the operator exposes of the stable revision's reference."""
    status = Status(stable=RevisionRef("aaaa", "1", "sha256:1"))
    world = replace(given.observed(), reference=REFERENCE, status=status)
    exposed = gauges(world, given.spec(monitoring={"drift": {}}), status)
    return [
        series(gauge.name, {**MODEL, **gauge.labels, **BY_OPERATOR}, f"{gauge.value!r}{LONG}")
        for gauge in exposed
        if gauge.name in (metrics.REFERENCE_ROWS, metrics.REFERENCE_SHARE)
    ]


def watched(
    window: str = "1m", threshold: float = 0.2, rows: int = 1000, by: Mapping[str, str] = BY_OPERATOR
) -> list[Document]:
    """What the operator exposes of a spec that watches drift."""
    labels = {**MODEL, metrics.WINDOW: window, **by}
    return [
        series(metrics.DRIFT_THRESHOLD, labels, f"{threshold}{LONG}"),
        series(metrics.DRIFT_MINIMUM_ROWS, labels, f"{rows}{LONG}"),
        series(metrics.STABLE, {**STABLE, metrics.VERSION: "1", **by}, f"1{LONG}"),
    ]


def served(
    feature: str,
    rates: Sequence[int],
    *,
    pods: int = 2,
    revision: str = "aaaa",
    seconds: int = 300,
    by: Mapping[str, str] = BY_MODEL,
) -> list[Document]:
    """Rows a second in each bin, by each of some pods."""
    names = REFERENCE.features[feature].bins.names
    labels = {**MODEL, metrics.REVISION: revision, metrics.VERSION: "1", metrics.FEATURE: feature, **by}
    return [
        series(metrics.FEATURE_BINS, {**labels, metrics.BIN: name, "pod": f"p{pod}"}, f"0+{rate}x{seconds}")
        for pod in range(pods)
        for name, rate in zip(names, rates, strict=True)
    ]


def labels_counted(
    right: int, wrong: int, *, revision: str = "aaaa", seconds: int = 300, by: Mapping[str, str] = BY_MODEL
) -> list[Document]:
    """Labels a second that were right and wrong, at the collector."""
    labels = {**MODEL, metrics.REVISION: revision, metrics.VERSION: "1", **by}
    return [
        series(metrics.LABELS, {**labels, metrics.RESULT: metrics.RIGHT}, f"0+{right}x{seconds}"),
        series(metrics.LABELS, {**labels, metrics.RESULT: metrics.WRONG}, f"0+{wrong}x{seconds}"),
        series(metrics.COLLECTED, labels, f"0+20x{LONG[1:]}"),
    ]


def accuracy_watched(
    minimum: str = "0.85", labels: int = 200, window: str = "1m", by: Mapping[str, str] = BY_OPERATOR
) -> list[Document]:
    """What the operator exposes of a spec that watches accuracy."""
    own = {**MODEL, metrics.WINDOW: window, **by}
    return [
        series(metrics.ACCURACY_MINIMUM, own, f"{minimum}{LONG}"),
        series(metrics.ACCURACY_MINIMUM_LABELS, own, f"{labels}{LONG}"),
        series(metrics.STABLE, {**STABLE, metrics.VERSION: "1", **by}, f"1{LONG}"),
    ]


def expected(feature: str, rows: Sequence[float]) -> Mapping[str, float]:
    """PSI less its bias, reduced chi-square and z of rows per bin, by numpy."""
    live, reference = np.asarray(rows, dtype=float), np.asarray(COUNTS[feature], dtype=float)
    p = (live + 0.5) / (live.sum() + 0.5 * len(live))
    q = (reference + 0.5) / (reference.sum() + 0.5 * len(reference))
    n, m, freedom = float(live.sum()), REFERENCE_ROWS, len(live) - 1
    psi = float(((p - q) * np.log(p / q)).sum()) - freedom * (1 / n + 1 / m)
    reduced = float((n * m * (live / n - q) ** 2 / (live + m * q)).sum()) / freedom
    spread = 2 / (9 * freedom)
    return {"psi": psi, "chi": reduced, "z": (reduced ** (1 / 3) - (1 - spread)) / math.sqrt(spread)}


def within(expression: str, value: float, tolerance: float, at: str = "120s") -> Document:
    """A promtool expectation that an expression is one number, give or take."""
    return {
        "expr": f"count(abs({expression} - {value!r}) < {tolerance})",
        "eval_time": at,
        "exp_samples": [{"labels": "{}", "value": 1}],
    }


def nothing(expression: str, at: str = "120s") -> Document:
    """A promtool expectation that an expression has no result."""
    return {"expr": expression, "eval_time": at, "exp_samples": []}


def alert(name: str, at: str, *fired: Mapping[str, Any]) -> Document:
    """A promtool expectation of the alerts that fire at a time."""
    return {"alertname": name, "eval_time": at, "exp_alerts": list(fired)}


def case(inputs: Sequence[Document], *, values: Sequence[Document] = (), alerts: Sequence[Document] = ()) -> Document:
    """One promtool test."""
    return {
        "interval": "1s",
        "input_series": list(inputs),
        "promql_expr_test": list(values),
        "alert_rule_test": list(alerts),
    }


def check(folder: Path, *cases: Document, window: str = "1m", **rest: str) -> None:
    """Run cases on the rules for a window."""
    run_promtool(folder, rules_for(window, **rest), cases)
