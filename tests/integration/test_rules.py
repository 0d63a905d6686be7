"""The chart's recording rules and alerts, evaluated by Prometheus's own promtool on series that are known."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from seatrial.contract import metrics
from seatrial.controller.queue import STORE
from tests.integration.rule_series import (
    BY_MODEL,
    BY_OPERATOR,
    BY_OTHERS,
    COUNTS,
    FIRED,
    MODEL,
    REFERENCE,
    STABLE,
    WINDOW,
    accuracy_watched,
    alert,
    case,
    check,
    expected,
    labels_counted,
    nothing,
    reference_series,
    served,
    watched,
    within,
)
from tests.unit.chart.rules import Document, rules_for, run_promtool, series

SWEEPS, FAILURES = "seatrial_operator_last_sweep_timestamp_seconds", "seatrial_operator_reconcile_errors_total"


def drift_alert(value: str) -> Mapping[str, Any]:
    """The alert on `team` as a person gets it."""
    labels = {**FIRED, "feature": "team", "window": "1m", "severity": "warning"}
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
    labels = {**STABLE, metrics.VERSION: "1", metrics.FEATURE: "team", **BY_MODEL}
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


def test_accuracy_below_its_minimum_fires(tmp_path: Path) -> None:
    fired = {
        "exp_labels": {
            **FIRED,
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


def stored_and_failed(
    stored: str, failed: str, reason: str = "denied", by: Mapping[str, str] = BY_MODEL
) -> list[Document]:
    """Rows in the store and failed attempts, at the collector, as a scrape every 15 s finds them."""
    rows = {**STABLE, metrics.VERSION: "1", "kind": "predictions", **by}
    return [
        series(metrics.STORED, rows, stored),
        series(metrics.FLUSH_FAILURES, {**MODEL, metrics.REASON: reason, **by}, failed),
        series(metrics.FLUSH_FAILURES, {**MODEL, metrics.REASON: "other", **by}, "0x80"),
    ]


def check_scraped(folder: Path, inputs: Sequence[Document], **expected: Sequence[Document]) -> None:
    """Run one case on a scrape every 15 s."""
    run_promtool(folder, rules_for("1m"), [{**case(inputs, **expected), "interval": "15s"}], step="15s")


def test_rows_that_cannot_be_stored_are_told_with_the_model_and_the_cause(tmp_path: Path) -> None:
    # Rows are stored for five minutes; then, for fifteen, both attempts in 15 s fail.
    inputs = stored_and_failed("0+100x20 2000x60", "0x20 2+2x59")
    fired = {
        "exp_labels": {**MODEL, **BY_MODEL, metrics.REASON: "denied", "severity": "warning"},
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


def test_rows_of_another_namespaces_pod_neither_hide_nor_make_failures(tmp_path: Path) -> None:
    hidden = [*stored_and_failed("0x80", "0+2x80"), *stored_and_failed("0+100x80", "0x80", by=BY_OTHERS)]
    made_up = [*stored_and_failed("0+100x80", "0x80"), *stored_and_failed("0x80", "0+2x80", by=BY_OTHERS)]
    check_scraped(tmp_path, hidden, values=[within(f"count({NOT_STORED})", 1, 0.1, "16m")])
    of_the_model = NOT_STORED.replace("{", '{model_namespace="ml",')
    check_scraped(tmp_path, made_up, values=[nothing(of_the_model, "16m")])


def alerts_that_fire(inputs: Sequence[Document], *names: str) -> Document:
    """A case in which, after 90 minutes, these of the operator's alerts fire and no other, whatever others forge."""
    info = {**STABLE, metrics.VERSION: "1", **BY_OTHERS}
    forged = [
        series(SWEEPS, BY_OTHERS, "0+60x200"),
        series(FAILURES, {"kind": "X", **BY_OTHERS}, "0+1x200"),
        series(metrics.STABLE, {**info, metrics.NAME: "other"}, "1x200"),
        series(metrics.REQUESTS, {**info, metrics.NAME: "other", metrics.TRAFFIC: metrics.LIVE}, "0+60x200"),
        series(metrics.REQUESTS, {**info, metrics.TRAFFIC: metrics.LIVE}, "0+60x200"),
        series(metrics.INFO, info, "1x200"),
        series(metrics.CANDIDATE_WEIGHT, {**info, metrics.VERSION: "2"}, "5x200"),
    ]
    firing = 'ALERTS{alertname="%s",alertstate="firing"}'
    loud = [within(f"count({firing % name})", 1, 0.1, "90m") for name in names]
    others = nothing(f'ALERTS{{alertstate="firing",alertname!~"{"|".join(names)}"}}', "90m")
    return {**case([*inputs, *forged], values=[*loud, others]), "interval": "1m"}


def test_the_operators_own_alerts(tmp_path: Path) -> None:
    info = {**STABLE, metrics.VERSION: "1", **BY_MODEL}
    requests = {**info, metrics.TRAFFIC: metrics.LIVE, metrics.OUTCOME: metrics.OK}
    trial = series(metrics.CANDIDATE_WEIGHT, {**MODEL, metrics.REVISION: "b", **BY_OPERATOR}, "5x200")
    alive = series(SWEEPS, BY_OPERATOR, "0+60x200")
    failing = series(FAILURES, {"kind": "X", **BY_OPERATOR}, "0+1x200")
    stable = series(metrics.STABLE, {**STABLE, metrics.VERSION: "1", **BY_OPERATOR}, "1x200")
    up = [series(metrics.REQUESTS, requests, "0+60x200"), series(metrics.INFO, info, "1x200")]
    gone = [series(metrics.REQUESTS, requests, "0+60x70"), series(metrics.INFO, info, "1x70 stale")]
    cases = [
        alerts_that_fire([], "SeatrialOperatorDown"),
        alerts_that_fire([series(SWEEPS, BY_OPERATOR, "0+60x60 3600x140")], "SeatrialOperatorDown"),
        alerts_that_fire([alive, trial], "SeatrialTrialOpen"),
        alerts_that_fire([alive, failing], "SeatrialOperatorFailing"),
        alerts_that_fire([alive, stable, *gone], "SeatrialModelDown"),
        alerts_that_fire([alive, stable, *up]),
        alerts_that_fire([alive, series(FAILURES, {"kind": STORE, **BY_OPERATOR}, "0+1x200")]),
    ]
    run_promtool(tmp_path, rules_for("1m"), cases, step="1m")
