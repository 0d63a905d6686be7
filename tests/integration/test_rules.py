"""The chart's recording rules and alerts, evaluated by Prometheus's own promtool on series that are known."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from seatrial.api.status import RevisionRef, Status
from seatrial.contract import metrics
from seatrial.contract.reference import CategoryBins, Distribution, NumericBins, Reference
from seatrial.core.gauges import gauges
from tests import given
from tests.unit.chart.rules import Document, rules_for, run_promtool, series

MODEL = {metrics.NAMESPACE: "ml", metrics.NAME: "risk"}
STABLE = {**MODEL, metrics.REVISION: "aaaa"}
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
        series(gauge.name, {**MODEL, **gauge.labels, "pod": "o"}, f"{gauge.value!r}{LONG}")
        for gauge in exposed
        if gauge.name in (metrics.REFERENCE_ROWS, metrics.REFERENCE_SHARE)
    ]


def watched(window: str = "1m", threshold: float = 0.2, rows: int = 1000) -> list[Document]:
    """What the operator exposes of a spec that watches drift."""
    labels = {**MODEL, metrics.WINDOW: window, "pod": "o"}
    return [
        series(metrics.DRIFT_THRESHOLD, labels, f"{threshold}{LONG}"),
        series(metrics.DRIFT_MINIMUM_ROWS, labels, f"{rows}{LONG}"),
        series(metrics.STABLE, {**STABLE, metrics.VERSION: "1", "pod": "o"}, f"1{LONG}"),
    ]


def served(
    feature: str, rates: Sequence[int], *, pods: int = 2, revision: str = "aaaa", seconds: int = 300
) -> list[Document]:
    """Rows a second in each bin, by each of some pods."""
    names = REFERENCE.features[feature].bins.names
    labels = {**MODEL, metrics.REVISION: revision, metrics.VERSION: "1", metrics.FEATURE: feature}
    return [
        series(metrics.FEATURE_BINS, {**labels, metrics.BIN: name, "pod": f"p{pod}"}, f"0+{rate}x{seconds}")
        for pod in range(pods)
        for name, rate in zip(names, rates, strict=True)
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


def drift_alert(value: str) -> Mapping[str, Any]:
    """The alert on `team` as a person gets it."""
    labels = {**STABLE, "feature": "team", "window": "1m", "severity": "warning"}
    return {
        "exp_labels": {**labels, metrics.ACTION_LABEL: metrics.ACTION_RETRAIN, metrics.REASON_LABEL: "drift"},
        "exp_annotations": {
            "summary": "team of model ml/risk has drifted.",
            "description": f"Over the last 1m the population stability index of team is {value}, less its bias: what "
            "comes in differs from what revision aaaa was trained on.",
            "runbook_url": "https://docs/how-to/drift.md",
        },
    }


@pytest.mark.parametrize("seed", range(4))
def test_psi_and_its_score_are_what_numpy_says(tmp_path: Path, seed: int) -> None:
    chosen = np.random.default_rng(seed)
    inputs, values = [*reference_series(), *watched()], []
    for feature, counts in COUNTS.items():
        shares = np.asarray(counts) + seed * 200 * chosen.random(len(counts))  # further away with each seed
        rates = [int(rate) for rate in chosen.multinomial(60, shares / shares.sum())]
        inputs += served(feature, rates)
        want = expected(feature, [2 * WINDOW * rate for rate in rates])
        chosen_series = f'{{model_name="risk",feature="{feature}",window="1m"}}'
        values += [
            within(f"seatrial:drift_psi{chosen_series}", want["psi"], 1e-6),
            within(f"seatrial:drift_reduced_chi_square{chosen_series}", want["chi"], 1e-6 * want["chi"]),
            within(f"seatrial:drift_z{chosen_series}", want["z"], 1e-6 * abs(want["z"])),
            within(f"seatrial:drift_rows{chosen_series}", 2 * WINDOW * sum(rates), 0.5),
        ]
    check(tmp_path, case(inputs, values=values))


def test_the_score_is_the_chi_square_of_two_samples_as_scipy_knows_it() -> None:
    rows, freedom = [1560, 1200, 480, 260, 3, 1], 5
    table = np.asarray([rows, np.asarray(COUNTS["team"]) + 0.5])
    chi_square = stats.chi2_contingency(table, correction=False).statistic
    exact = stats.norm.isf(stats.chi2.sf(chi_square, freedom))
    assert expected("team", rows)["z"] == pytest.approx(exact, abs=0.05)


def test_an_alert_fires_when_a_feature_has_drifted_for_long_enough(tmp_path: Path) -> None:
    # A minute in which team is as it was, then most rows are of d. Each pod: 20 rows a second.
    names = REFERENCE.features["team"].bins.names
    steady, moved = (9, 7, 3, 1, 0, 0), (1, 1, 1, 17, 0, 0)
    labels = {**STABLE, metrics.VERSION: "1", metrics.FEATURE: "team"}
    inputs = [
        series(metrics.FEATURE_BINS, {**labels, metrics.BIN: name, "pod": "p"}, f"0+{a}x120 {a * 120 + b}+{b}x180")
        for name, a, b in zip(names, steady, moved, strict=True)
    ]
    value = f"{expected('team', [WINDOW * rate for rate in moved])['psi']:.2f}"
    check(
        tmp_path,
        case(
            [*reference_series(), *watched(), *inputs],
            values=[nothing('ALERTS{alertname="SeatrialDrift"}', "119s")],
            alerts=[
                alert("SeatrialDrift", "120s"),
                alert("SeatrialDrift", "200s", drift_alert(value)),
            ],
        ),
    )


def test_an_alert_goes_on_for_a_while_after_the_traffic_has_ended(tmp_path: Path) -> None:
    inputs = [*reference_series(), *watched(), *served("team", (1, 1, 1, 17, 0, 0), seconds=100)]
    value = f"{expected('team', [2 * 60 * r for r in (1, 1, 1, 17, 0, 0)])['psi']:.2f}"
    check(
        tmp_path,
        case(
            inputs,
            values=[
                within('count(ALERTS{alertname="SeatrialDrift",alertstate="firing"})', 1, 0.1, "100s"),
                nothing('seatrial:drift_rows{feature="team"} >= 1000', "145s"),
                within('count(ALERTS{alertname="SeatrialDrift",alertstate="firing"})', 1, 0.1, "145s"),
                nothing('ALERTS{alertname="SeatrialDrift"}', "165s"),
            ],
            alerts=[alert("SeatrialDrift", "100s", drift_alert(value))],
        ),
    )


@pytest.mark.parametrize(
    ("why", "inputs"),
    [
        ("too few rows", [*watched(rows=2401), *served("team", (1, 1, 1, 17, 0, 0))]),
        ("a threshold that is not reached", [*watched(threshold=9), *served("team", (1, 1, 1, 17, 0, 0))]),
        ("nobody watches", [*watched()[2:], *served("team", (1, 1, 1, 17, 0, 0))]),
        ("another window is watched", [*watched(window="1h"), *served("team", (1, 1, 1, 17, 0, 0))]),
        ("another revision than stable", [*watched(), *served("team", (1, 1, 1, 17, 0, 0), revision="bbbb")]),
        ("no traffic", [*watched(), *served("team", (0, 0, 0, 0, 0, 0))]),
        ("the same distribution", [*watched(), *served("team", (30, 25, 10, 5, 0, 0))]),
        # Three rows, all of one bin: the index is large, and may be chance.
        (
            "an index that may be chance",
            [*watched(rows=1, threshold=0.01), *served("team", (0, 1, 0, 0, 0, 0), pods=1, seconds=3)],
        ),
    ],
)
def test_no_alert_fires(tmp_path: Path, why: str, inputs: list[Document]) -> None:
    silent = [nothing('ALERTS{alertname="SeatrialDrift"}', at) for at in ("60s", "120s", "240s")]
    check(tmp_path, case([*reference_series(), *inputs], values=silent))


def test_only_what_serves_and_is_watched_is_recorded(tmp_path: Path) -> None:
    bins = [*served("team", (1, 1, 1, 17, 0, 0)), *served("team", (1, 1, 1, 17, 0, 0), revision="bbbb")]
    recorded = 'count({__name__=~"seatrial:drift.*"}) > 0'
    check(
        tmp_path,
        case(
            [*reference_series(), *watched(), *bins],
            values=[nothing('{__name__=~"seatrial:drift.*",revision="bbbb"}'), within(f"count({recorded})", 1, 0.1)],
        ),
        case([*reference_series(), *watched(window="1h"), *bins], values=[nothing(recorded)]),
    )


def test_as_many_rows_as_are_asked_for_are_enough(tmp_path: Path) -> None:
    inputs = [*reference_series(), *watched(rows=2400), *served("team", (1, 1, 1, 17, 0, 0))]
    firing = within('count(ALERTS{alertname="SeatrialDrift",alertstate="firing"})', 1, 0.1)
    check(tmp_path, case(inputs, values=[firing]))


def labels_counted(right: int, wrong: int, *, revision: str = "aaaa", seconds: int = 300) -> list[Document]:
    """Labels a second that were right and wrong, at the collector."""
    labels = {**MODEL, metrics.REVISION: revision, metrics.VERSION: "1", "pod": "c"}
    return [
        series(metrics.LABELS, {**labels, metrics.RESULT: metrics.RIGHT}, f"0+{right}x{seconds}"),
        series(metrics.LABELS, {**labels, metrics.RESULT: metrics.WRONG}, f"0+{wrong}x{seconds}"),
        series(metrics.COLLECTED, labels, f"0+20x{LONG[1:]}"),
    ]


def accuracy_watched(minimum: str = "0.85", labels: int = 200, window: str = "1m") -> list[Document]:
    """What the operator exposes of a spec that watches accuracy."""
    own = {**MODEL, metrics.WINDOW: window, "pod": "o"}
    return [
        series(metrics.ACCURACY_MINIMUM, own, f"{minimum}{LONG}"),
        series(metrics.ACCURACY_MINIMUM_LABELS, own, f"{labels}{LONG}"),
        series(metrics.STABLE, {**STABLE, metrics.VERSION: "1", "pod": "o"}, f"1{LONG}"),
    ]


def test_accuracy_below_its_minimum_fires(tmp_path: Path) -> None:
    fired = {
        "exp_labels": {
            **STABLE,
            "window": "1m",
            "severity": "warning",
            metrics.ACTION_LABEL: metrics.ACTION_RETRAIN,
            metrics.REASON_LABEL: "accuracy",
        },
        "exp_annotations": {
            "summary": "Accuracy of model ml/risk is below its minimum.",
            "description": "Over the last 1m 80% of the answers of revision aaaa that have a label were right.",
            "runbook_url": "https://docs/how-to/drift.md",
        },
    }
    check(
        tmp_path,
        case(
            [*accuracy_watched(), *labels_counted(8, 2)],
            values=[within('seatrial:accuracy{model_name="risk",revision="aaaa",window="1m"}', 0.8, 1e-9)],
            alerts=[alert("SeatrialAccuracy", "120s", fired)],
        ),
    )


@pytest.mark.parametrize(
    ("why", "inputs"),
    [
        ("accuracy is high enough", [*accuracy_watched(), *labels_counted(9, 1)]),
        ("too few labels", [*accuracy_watched(labels=601), *labels_counted(8, 2)]),
        ("nobody watches", labels_counted(8, 2)),
        ("another window is watched", [*accuracy_watched(window="24h"), *labels_counted(8, 2)]),
        ("another revision than stable", [*accuracy_watched(), *labels_counted(8, 2, revision="bbbb")]),
    ],
)
def test_no_accuracy_alert_fires(tmp_path: Path, why: str, inputs: list[Document]) -> None:
    check(
        tmp_path, case(inputs, values=[nothing('ALERTS{alertname="SeatrialAccuracy"}', at) for at in ("60s", "200s")])
    )


def test_labels_that_stop_coming_fire(tmp_path: Path) -> None:
    firing = 'ALERTS{alertname="SeatrialLabelsMissing",alertstate="firing",window="1m",model_name="risk"}'
    quiet = case([*accuracy_watched(), *labels_counted(8, 2)], values=[nothing(firing, "250s")])
    stopped = case(
        [*accuracy_watched(), *labels_counted(8, 2, seconds=60)],
        values=[nothing(firing, "120s"), within(f"count({firing})", 1, 0.1, "250s")],
    )
    check(tmp_path, quiet, stopped)


NOT_STORED = 'ALERTS{alertname="SeatrialRowsNotStored",alertstate="firing"}'


def stored_and_failed(stored: str, failed: str, reason: str = "denied") -> list[Document]:
    """Rows in the store and failed attempts, at the collector, as a scrape every 15 s finds them."""
    rows = {**STABLE, metrics.VERSION: "1", "kind": "predictions", "pod": "c"}
    return [
        series(metrics.STORED, rows, stored),
        series(metrics.FLUSH_FAILURES, {**MODEL, metrics.REASON: reason, "pod": "c"}, failed),
        series(metrics.FLUSH_FAILURES, {**MODEL, metrics.REASON: "other", "pod": "c"}, "0x80"),
    ]


def check_scraped(folder: Path, inputs: Sequence[Document], **expected: Sequence[Document]) -> None:
    """Run one case on a scrape every 15 s."""
    run_promtool(folder, rules_for("1m"), [{**case(inputs, **expected), "interval": "15s"}], step="15s")


def test_rows_that_cannot_be_stored_are_told_with_the_model_and_the_cause(tmp_path: Path) -> None:
    # Rows are stored for five minutes; then, for fifteen, both attempts in 15 s fail.
    inputs = stored_and_failed("0+100x20 2000x60", "0x20 2+2x59")
    fired = {
        "exp_labels": {**MODEL, metrics.REASON: "denied", "severity": "warning"},
        "exp_annotations": {
            "summary": "Rows of model ml/risk cannot be stored: denied.",
            "description": "Each attempt of its collector fails (40 in five minutes), and the collector's log says "
            "how. Rows wait in its volume; once that is full, new ones are dropped.",
            "runbook_url": "https://docs/how-to/rotate-credentials.md",
        },
    }
    alerts = [alert("SeatrialRowsNotStored", "14m"), alert("SeatrialRowsNotStored", "16m", fired)]
    check_scraped(tmp_path, inputs, alerts=alerts)


@pytest.mark.parametrize(
    ("why", "stored", "failed"),
    [
        ("a rotation of two minutes", "0+100x20 2000x8 2100+100x50", "0x20 2+2x8 18x50"),
        ("some attempts fail and rows are stored all the same", "0+100x80", "0+1x80"),
        ("nothing is to be stored", "2000x80", "18x80"),
    ],
)
def test_no_alert_fires_where_rows_are_stored(tmp_path: Path, why: str, stored: str, failed: str) -> None:
    silent = [nothing(NOT_STORED, f"{minute}m") for minute in range(1, 20)]
    check_scraped(tmp_path, stored_and_failed(stored, failed), values=silent)


def test_rows_that_are_stored_again_end_the_alert(tmp_path: Path) -> None:
    inputs = stored_and_failed("0x60 2000+100x20", "2+2x60 122x20", "unreachable")
    values = [within(f"count({NOT_STORED})", 1, 0.1, "12m"), nothing(NOT_STORED, "16m")]
    check_scraped(tmp_path, inputs, values=values)


def test_the_operators_own_alerts(tmp_path: Path) -> None:
    requests = {**STABLE, metrics.VERSION: "1", metrics.TRAFFIC: metrics.LIVE, metrics.OUTCOME: metrics.OK, "pod": "p"}
    info = {**STABLE, metrics.VERSION: "1", "pod": "p"}
    stable = series(metrics.STABLE, {**STABLE, metrics.VERSION: "1"}, "1x200")
    trial = series(metrics.CANDIDATE_WEIGHT, {**MODEL, metrics.REVISION: "b", metrics.VERSION: "2"}, "5x200")
    sweeps = "seatrial_operator_last_sweep_timestamp_seconds"

    def one(inputs: list[Document], fires: str, *quiet: str) -> Document:
        loud = within(f'count(ALERTS{{alertname="{fires}",alertstate="firing"}})', 1, 0.1, "90m")
        silent = [nothing(f'ALERTS{{alertname="{name}",alertstate="firing"}}', "90m") for name in quiet]
        return {**case(inputs, values=[loud, *silent]), "interval": "1m"}

    alive = series(sweeps, {"pod": "o"}, "0+60x200")
    run_promtool(
        tmp_path,
        rules_for("1m"),
        [
            one([], "SeatrialOperatorDown", "SeatrialOperatorFailing", "SeatrialModelDown", "SeatrialTrialOpen"),
            one([series(sweeps, {"pod": "o"}, "0+60x60 3600x140")], "SeatrialOperatorDown"),
            one([alive, trial], "SeatrialTrialOpen", "SeatrialOperatorDown"),
            one(
                [alive, series("seatrial_operator_reconcile_errors_total", {"kind": "X", "pod": "o"}, "0+1x200")],
                "SeatrialOperatorFailing",
            ),
            one(
                [
                    alive,
                    stable,
                    series(metrics.REQUESTS, requests, "0+60x70"),
                    series(metrics.INFO, info, "1x70 stale"),
                ],
                "SeatrialModelDown",
                "SeatrialOperatorDown",
                "SeatrialTrialOpen",
            ),
            {
                **case(
                    [
                        alive,
                        stable,
                        series(metrics.REQUESTS, requests, "0+60x200"),
                        series(metrics.INFO, info, "1x200"),
                    ],
                    values=[nothing("ALERTS", "90m")],
                ),
                "interval": "1m",
            },
        ],
        step="1m",
    )
