"""What is read from training data: kinds, categories, distributions; and what is refused, by its column's name."""

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.tree import DecisionTreeClassifier

from seatrial.contract.reference import CategoryBins, NumericBins
from seatrial.contract.schema import MISSING, OTHER, Feature, Kind, Output, Task
from seatrial_runtime.publish.describe import (
    DescriptionError,
    answers_of,
    describe_features,
    describe_output,
    describe_reference,
    select_features,
)

CLASSES = Output("y", Task.CLASSIFICATION, ("a", "b"))


def one(values: object, dtype: object = None) -> Feature:
    (feature,) = describe_features(pd.DataFrame({"x": pd.Series(values, dtype=dtype)}))
    return feature


@pytest.mark.parametrize(
    ("values", "dtype", "kind", "nullable"),
    [
        ([1, 2], "int64", Kind.INTEGER, False),
        ([1, 2], "uint8", Kind.INTEGER, False),
        ([1, None], "Int64", Kind.INTEGER, True),
        ([1.5, 2], "float32", Kind.NUMBER, False),
        ([1, None], "float64", Kind.NUMBER, True),
        ([True, False], "bool", Kind.BOOLEAN, False),
        ([True, None], "boolean", Kind.BOOLEAN, True),
        ([True, None], "object", Kind.BOOLEAN, True),
        ([1, None], "object", Kind.INTEGER, True),
        ([1, 2.5], "object", Kind.NUMBER, False),
        (["a", None], "object", Kind.STRING, True),
        (["a", "b"], "str", Kind.STRING, False),
        (["a", None], "string", Kind.STRING, True),
        (["a", "b"], "category", Kind.STRING, False),
        ([1, 2], "category", Kind.INTEGER, False),
    ],
)
def test_a_columns_kind_is_that_of_its_values(values: object, dtype: object, kind: Kind, nullable: bool) -> None:
    feature = one(values, dtype)
    assert (feature.kind, feature.nullable) == (kind, nullable)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (["a", 1], "column x holds int, str; expected numbers, texts or booleans"),
        ([True, "a"], "column x holds bool, str"),
        (pd.to_datetime(["2026-01-01"]), "column x holds Timestamp"),
        ([None, None], "column x has no value at all"),
        ([1.0, float("inf")], "column x holds an infinity"),
    ],
)
def test_a_column_that_cannot_be_described_is_named(values: object, problem: str) -> None:
    with pytest.raises(DescriptionError, match=problem):
        one(values)


def test_columns_need_names_of_their_own() -> None:
    with pytest.raises(DescriptionError, match=r"column names are \[0\]"):
        describe_features(pd.DataFrame({0: [1]}))
    with pytest.raises(DescriptionError, match=r"column names are \['x'\]"):
        describe_features(pd.DataFrame([[1, 2]], columns=["x", "x"]))
    with pytest.raises(DescriptionError, match="expected 1 to 10000 columns"):
        describe_features(pd.DataFrame({"x": []}))


def test_numbers_are_not_bounded_by_what_training_saw() -> None:
    assert (one([1, 2]).minimum, one([1, 2]).maximum) == (None, None)


def test_numbers_are_bounded_where_it_is_said() -> None:
    rows = pd.DataFrame({"x": [1], "y": [1]})
    bounded, free = describe_features(rows, {"x": (0, None)})
    assert (bounded.minimum, bounded.maximum) == (0, None)
    assert (free.minimum, free.maximum) == (None, None)


def test_categories_are_the_values_in_order() -> None:
    assert one(["b", "a", None, "b"]).categories == ("a", "b")


def test_of_too_many_categories_the_most_frequent_are_kept() -> None:
    feature = one([f"v{i:04}" for i in range(1500)] + ["v1499", "x" * 200])
    assert len(feature.categories) == 1000
    assert "v1499" in feature.categories
    assert "v1200" not in feature.categories
    assert "x" * 200 not in feature.categories


@given(arrays(np.float64, st.integers(1, 60), elements=st.floats(-1e6, 1e6) | st.integers(0, 3).map(float)))
def test_every_row_is_counted_in_the_bin_where_the_predictor_would_count_it(values: NDArray[np.float64]) -> None:
    rows = pd.DataFrame({"x": values})
    reference = describe_reference(rows, describe_features(rows), np.array(["a"] * len(rows)), CLASSES)
    found = reference.features["x"]
    counted = [0] * len(found.bins.names)
    for value in values.tolist():
        assert isinstance(found.bins, NumericBins)
        counted[found.bins.index(value)] += 1
    assert list(found.counts) == counted
    assert all(counted[:-2])  # no bin of the reference is empty but those of what it cannot hold
    assert len(found.bins.names) <= 12


def test_bins_of_few_values_are_the_values() -> None:
    rows = pd.DataFrame({"x": [0] * 6 + [1] * 3 + [2]})
    found = describe_reference(rows, describe_features(rows), np.array(["a"] * 10), CLASSES).features["x"]
    assert found.bins == NumericBins((1.0,), 0.0, 2.0) or found.bins == NumericBins((1.0, 2.0), 0.0, 2.0)
    assert found.counts[0] == 6


def test_missing_values_have_their_bin() -> None:
    rows = pd.DataFrame({"x": [1.0, None], "t": ["a", None], "b": pd.Series([True, None], dtype="boolean")})
    reference = describe_reference(rows, describe_features(rows), np.array(["a", "b"]), CLASSES)
    for distribution in (reference.features[name] for name in "xtb"):
        counts = dict(zip(distribution.bins.names, distribution.counts, strict=True))
        assert counts[MISSING] == 1
        assert sum(counts.values()) == 2
    assert reference.features["b"].bins == CategoryBins(("True",))


def test_the_twenty_most_frequent_categories_have_bins() -> None:
    texts = [f"v{i:02}" for i in range(30) for _ in range(30 - i)] + [OTHER] * 99 + ["x" * 200] * 99
    rows = pd.DataFrame({"t": texts})
    found = describe_reference(rows, describe_features(rows), np.array(["a"] * len(rows)), CLASSES).features["t"]
    assert isinstance(found.bins, CategoryBins)
    assert found.bins.values == tuple(f"v{i:02}" for i in range(20))
    assert dict(zip(found.bins.names, found.counts, strict=True))[OTHER] == sum(range(1, 11)) + 2 * 99


def test_predictions_have_a_bin_for_each_class_also_for_those_never_predicted() -> None:
    rows = pd.DataFrame({"x": [1, 2, 3]})
    found = describe_reference(rows, describe_features(rows), np.array(["b", "b", "b"]), CLASSES).features
    assert (found["(prediction)"].bins, found["(prediction)"].counts) == (CategoryBins(("a", "b")), (0, 3, 0, 0))


def test_predicted_numbers_are_binned_as_numbers() -> None:
    rows = pd.DataFrame({"x": [1, 2]})
    output = Output("y", Task.REGRESSION)
    found = describe_reference(rows, describe_features(rows), np.array([1, 2]), output).features["(prediction)"]
    assert found.bins == NumericBins((2.0,), 1.0, 2.0)


def test_thirty_features_are_watched_and_the_prediction() -> None:
    rows = pd.DataFrame({f"x{i}": [1] for i in range(40)})
    reference = describe_reference(rows, describe_features(rows), np.array(["a"]), CLASSES)
    assert list(reference.features) == [f"x{i}" for i in range(30)] + ["(prediction)"]


def test_columns_are_taken_in_the_order_in_which_the_model_was_fitted() -> None:
    rows = pd.DataFrame({"b": [1, 2], "a": [3, 4]})
    model = DecisionTreeClassifier().fit(rows, ["x", "y"])
    selected = select_features(model, pd.DataFrame({"id": [0], "a": [1], "b": [2]}))
    assert list(selected.columns) == ["b", "a"]


def test_a_column_that_the_model_needs_is_missed_by_name() -> None:
    model = DecisionTreeClassifier().fit(pd.DataFrame({"a": [1, 2]}), ["x", "y"])
    with pytest.raises(DescriptionError, match="the data lack a, which the model was fitted on"):
        select_features(model, pd.DataFrame({"b": [1]}))


def test_a_model_fitted_without_names_is_given_none() -> None:
    model = DecisionTreeClassifier().fit([[1, 2], [3, 4]], ["x", "y"])
    rows = pd.DataFrame({"a": [1], "b": [2]})
    assert answers_of(model, select_features(model, rows)).tolist() == ["x"]
    with pytest.raises(DescriptionError, match="1 feature columns; the model was fitted on 2"):
        select_features(model, rows[["a"]])


def test_a_model_that_cannot_answer_says_why() -> None:
    model = DecisionTreeClassifier().fit(pd.DataFrame({"a": [1, 2]}), ["x", "y"])
    with pytest.raises(DescriptionError, match="cannot predict on the data: ValueError: could not convert"):
        answers_of(model, pd.DataFrame({"a": ["text"]}))


def test_a_model_of_two_targets_is_refused() -> None:
    model = DummyRegressor().fit([[1], [2]], [[1, 2], [3, 4]])
    with pytest.raises(DescriptionError, match=r"answer has shape \(2, 2\); expected one value"):
        answers_of(model, pd.DataFrame({"a": [1, 2]}))


def test_classes_keep_the_models_order_and_are_texts() -> None:
    model = DummyClassifier().fit([[1], [2], [3]], [10, 9, 10])
    output = describe_output(model, "y", {"10": "stop"})
    assert output == Output("y", Task.CLASSIFICATION, ("9", "10"), {"10": "stop"})


def test_a_recommendation_for_no_class_is_refused() -> None:
    model = DummyClassifier().fit([[1], [2]], ["a", "b"])
    with pytest.raises(DescriptionError, match="recommendation for 'c'; the classes are a, b"):
        describe_output(model, "y", {"c": "stop"})


@pytest.mark.parametrize(
    ("model", "problem"),
    [
        (KMeans(), "the model is a KMeans; expected a fitted classifier or regressor"),
        (DummyClassifier(), "the model is a DummyClassifier; expected a fitted"),
        (DummyClassifier().fit([[1]], ["a"]), "expected two or more"),
        (DummyClassifier().fit([[1], [2]], np.array([1, "1"], dtype=object).astype(str)), "expected two or more"),
    ],
)
def test_what_is_no_classifier_or_regressor_is_refused(model: object, problem: str) -> None:
    with pytest.raises(DescriptionError, match=problem):
        describe_output(model, "y", {})
