"""Series that another namespace's pods expose, which say that they are a model's or the operator's, change nothing."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from seatrial.contract import metrics
from tests.integration.rule_series import (
    BY_OTHERS,
    REFERENCE,
    REFERENCE_ROWS,
    STABLE,
    accuracy_watched,
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
from tests.unit.chart.rules import Document, series

OTHER = {**STABLE, metrics.REVISION: "bbbb"}
STEADY, MOVED, MANY = (30, 25, 10, 5, 0, 0), (1, 1, 1, 17, 0, 0), (9000, 7500, 3000, 1500, 0, 0)
RECORDED = (
    *("drift_bin_rows", "drift_rows", "drift_bins", "drift_share", "drift_effective_rows"),
    *("drift_psi", "drift_reduced_chi_square", "drift_z", "accuracy", "accuracy_labels"),
)


def recorded(*names: str, value: float = 1000) -> list[Document]:
    """Series of the names that rules record, two of each, as no rule would record them."""
    labels = {**STABLE, **BY_OTHERS, metrics.FEATURE: "team", metrics.BIN: "a", metrics.WINDOW: "1m"}
    return [series(f"seatrial:{name}", {**labels, "pod": pod}, f"{value}x300") for name in names for pod in "ab"]


def reference(share: float, revision: str = "aaaa") -> list[Document]:
    """A reference that no version has."""
    labels = {**STABLE, **BY_OTHERS, metrics.REVISION: revision, metrics.FEATURE: "team"}
    names = REFERENCE.features["team"].bins.names
    shares = [series(metrics.REFERENCE_SHARE, {**labels, metrics.BIN: name}, f"{share}x300") for name in names]
    rows = {**STABLE, **BY_OTHERS, metrics.REVISION: revision}
    return [*shares, series(metrics.REFERENCE_ROWS, rows, "1000000000x300")]


def fires(name: str) -> Document:
    """Expect that the alert fires, once, and names the model's namespace as a target label does."""
    chosen = f'ALERTS{{alertname="{name}",alertstate="firing",model_namespace="ml",namespace="ml"}}'
    return within(f'count({chosen}) * count(ALERTS{{alertname="{name}",alertstate="firing"}})', 1, 0.1)


DRIFT, ACCURACY = 'ALERTS{alertname="SeatrialDrift"}', 'ALERTS{alertname="SeatrialAccuracy"}'
UNASKED = [*reference_series(), *watched()]
CALM = [*UNASKED, *served("team", STEADY)]
DRIFTED = [*UNASKED, *served("team", MOVED)]
RIGHT = [*accuracy_watched(), *labels_counted(9, 1)]
UNSERVED = [*accuracy_watched(), *labels_counted(8, 2, revision=OTHER[metrics.REVISION])]
WRONG = [*accuracy_watched(), *labels_counted(8, 2)]


@pytest.mark.parametrize(
    ("why", "inputs", "forged", "expected"),
    [
        ("rows in bins", CALM, served("team", MOVED, by=BY_OTHERS), nothing(DRIFT)),
        ("rows where there are none", UNASKED, served("team", MOVED, by=BY_OTHERS), nothing(DRIFT)),
        ("many steady rows", DRIFTED, served("team", MANY, by=BY_OTHERS), fires("SeatrialDrift")),
        ("a low threshold", CALM, watched(threshold=-9, rows=0, by=BY_OTHERS), nothing(DRIFT)),
        ("a high threshold", DRIFTED, watched(threshold=99, rows=10**9, by=BY_OTHERS), fires("SeatrialDrift")),
        ("a watched window", [*reference_series(), *served("team", MOVED)], watched(by=BY_OTHERS), nothing(DRIFT)),
        ("a reference", CALM, reference(0.99), nothing(DRIFT)),
        ("what rules record", CALM, recorded(*RECORDED), nothing(DRIFT)),
        ("what rules record, beside drift", DRIFTED, recorded(*RECORDED, value=0), fires("SeatrialDrift")),
        ("wrong labels", RIGHT, labels_counted(0, 90, by=BY_OTHERS), nothing(ACCURACY)),
        ("right labels", WRONG, labels_counted(90, 0, by=BY_OTHERS), fires("SeatrialAccuracy")),
        ("a high minimum", RIGHT, accuracy_watched(minimum="1.0", labels=0, by=BY_OTHERS), nothing(ACCURACY)),
        ("a low minimum", WRONG, accuracy_watched(labels=10**9, by=BY_OTHERS), fires("SeatrialAccuracy")),
        ("what serves", UNSERVED, [series(metrics.STABLE, {**OTHER, **BY_OTHERS}, "1x300")], nothing(ACCURACY)),
        ("a recorded accuracy", RIGHT, recorded("accuracy", "accuracy_labels", value=0), nothing(ACCURACY)),
        ("a recorded accuracy, high", WRONG, recorded("accuracy", "accuracy_labels"), fires("SeatrialAccuracy")),
    ],
)
def test_what_is_forged_fires_nothing_and_hides_nothing(
    tmp_path: Path, why: str, inputs: Sequence[Document], forged: Sequence[Document], expected: Document
) -> None:
    check(tmp_path, case([*inputs, *forged], values=[expected]))


def test_what_is_recorded_is_what_it_is_without_them(tmp_path: Path) -> None:
    real = [*DRIFTED, *accuracy_watched()[:2], *labels_counted(8, 2), *served("team", MOVED, revision="bbbb")]
    rows = [*served("team", STEADY, by=BY_OTHERS), *labels_counted(90, 0, by=BY_OTHERS)]
    gauges = [*reference(0.99), *reference(0.5, "bbbb"), *watched(by=BY_OTHERS), *accuracy_watched(by=BY_OTHERS)[:2]]
    live, freedom = 2 * 60 * sum(MOVED), len(MOVED) - 1
    want = expected("team", [2 * 60 * rate for rate in MOVED])
    numbers = {
        "drift_rows": live,
        "drift_bins": freedom + 1,
        "drift_effective_rows": live * REFERENCE_ROWS / (live + REFERENCE_ROWS),
        "drift_psi": want["psi"],
        "drift_reduced_chi_square": want["chi"],
        "drift_z": want["z"],
        "accuracy_labels": 600,
        "accuracy": 0.8,
    }
    values = [within(f'seatrial:{name}{{namespace=""}}', value, 1e-6 * value) for name, value in numbers.items()]
    shares = within('count(seatrial:drift_share{namespace=""})', freedom + 1, 0.1)
    check(tmp_path, case([*real, *rows, *gauges, *recorded(*RECORDED)], values=[*values, shares]))


def test_predictions_that_nobody_collected_miss_no_labels(tmp_path: Path) -> None:
    firing = 'ALERTS{alertname="SeatrialLabelsMissing",alertstate="firing"}'
    forged = series(metrics.COLLECTED, {**STABLE, **BY_OTHERS}, "0+20x300")
    hidden = [
        *accuracy_watched(),
        *labels_counted(8, 2, seconds=60),
        *labels_counted(9, 1, by=BY_OTHERS),
        *recorded("accuracy_labels"),
    ]
    check(
        tmp_path,
        case([*accuracy_watched(), forged], values=[nothing(firing, "250s")]),
        case([forged, *labels_counted(0, 0), *accuracy_watched(by=BY_OTHERS)], values=[nothing(firing, "250s")]),
        case(hidden, values=[within(f"count({firing})", 1, 0.1, "250s")]),
    )


def test_a_scrape_configuration_may_name_the_namespace_otherwise(tmp_path: Path) -> None:
    def renamed(inputs: Sequence[Document]) -> list[Document]:
        return [{**one, "series": one["series"].replace(",namespace=", ",kubernetes_namespace=")} for one in inputs]

    firing = 'count(ALERTS{alertname="SeatrialDrift",alertstate="firing",kubernetes_namespace="ml"})'
    cases = [case(renamed(DRIFTED), values=[within(firing, 1, 0.1)]), case(DRIFTED, values=[nothing(DRIFT)])]
    check(tmp_path, *cases, label="kubernetes_namespace")


def test_without_the_label_nothing_counts(tmp_path: Path) -> None:
    bare = [*reference_series(), *watched(), *served("team", MOVED, by={})]
    check(tmp_path, case(bare, values=[nothing("seatrial:drift_rows"), nothing(DRIFT)]))
