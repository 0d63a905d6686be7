"""The fast counters fill exactly the bins that the contract names."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.contract.metrics import LIVE, SHADOW
from seatrial.contract.reference import Bins, CategoryBins, Distribution, NumericBins, Reference
from seatrial.contract.schema import class_name
from seatrial_runtime.predictor.bins import FeatureTallies, UnfitReferenceError, tally
from seatrial_runtime.predictor.metrics import Answered
from seatrial_runtime.predictor.protocol import Answer
from seatrial_runtime.predictor.rows import Schema
from tests.unit.predictor.given import RISK, a_risk_version, a_row

NUMBERS = NumericBins((1.0, 2.0, 5.0), 0.0, 9.0)
TEXTS = CategoryBins(("a", "b", "True"))
# Edges and extremes themselves, and their neighbours.
POINTS = st.sampled_from([-0.5, 0, 0.0, 0.5, 1, 1.0, 1.999, 2.0, 4.999, 5, 8.999, 9, 9.001, 1e300, -1e300, 10**40])


@given(st.lists(st.none() | POINTS | st.floats(-2, 12), max_size=20))
def test_numbers_fall_where_the_contract_says(values: list[float | None]) -> None:
    counted = tally(NUMBERS)
    expected = [0] * len(NUMBERS.names)
    for value in values:
        expected[NUMBERS.index(value)] += 1
        counted.add([value])
    counted.add(values * 40)  # so many that they are counted in the other way
    assert list(counted.counts) == [41 * count for count in expected]


@given(st.lists(st.none() | st.booleans() | st.sampled_from(["a", "b", "c", "True", "(other)"]), max_size=80))
def test_texts_and_booleans_fall_where_the_contract_says(values: list[Any]) -> None:
    counted = tally(TEXTS)
    counted.add(values[:1])
    counted.add(values[1:])
    expected = [0] * len(TEXTS.names)
    for value in values:
        expected[TEXTS.index(None if value is None else class_name(value))] += 1
    assert list(counted.counts) == expected


def test_bins_without_edges_are_one_bin() -> None:
    counted = tally(NumericBins((), 3.0, 3.0))
    for values in ([3, 4, None], [3] * 40):
        counted.add(values)
    assert list(counted.counts) == [41, 1, 1]


def test_each_watched_feature_has_its_own_bins() -> None:
    reference = Reference(10, {"load": a_distribution(NUMBERS), "team": a_distribution(TEXTS)})
    tallies = FeatureTallies(RISK, reference)
    tallies.add(Schema(RISK).from_records([a_row(load=3, team="a"), a_row(load=None, team="z")]))
    assert {name: list(t.counts) for name, t in tallies.by_name.items()} == {
        "load": [0, 0, 1, 0, 1, 0],
        "team": [1, 0, 0, 1, 0],
    }


def test_bins_that_do_not_fit_their_feature_are_refused() -> None:
    with pytest.raises(UnfitReferenceError, match="environment"):
        FeatureTallies(RISK, Reference(10, {"environment": a_distribution(NUMBERS)}))


def test_inputs_are_counted_of_live_traffic_only_and_answers_of_both() -> None:
    loaded = a_risk_version()
    answered = Answered(loaded.manifest, loaded.reference, loaded.digest)
    rows, answer = Schema(RISK).from_records([a_row(), a_row()]), Answer(["High", "Low"])
    answered.observe(SHADOW, rows, answer)
    assert sum(sum(t.counts) for t in answered.features.values()) == 0
    answered.observe(LIVE, rows, answer)
    assert {name: sum(t.counts) for name, t in answered.features.items()} == {
        **dict.fromkeys((f.name for f in RISK), 2),
        "(prediction)": 2,
    }
    for traffic in (LIVE, SHADOW):
        assert dict(zip(answered.prediction_names, answered.predictions[traffic].counts, strict=False)) == {
            "High": 1,
            "Low": 1,
            "Medium": 0,
        }


def a_distribution(bins: Bins) -> Distribution:
    return Distribution(bins, (1,) * len(bins.names))
