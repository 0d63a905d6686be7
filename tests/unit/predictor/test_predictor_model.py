"""Estimators as functions from rows to answers: the same as scikit-learn says, whatever it was fitted on."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from seatrial_runtime.predictor.model import PredictionError, prediction_of
from seatrial_runtime.predictor.protocol import Answer
from seatrial_runtime.predictor.rows import Rows, Schema
from tests.unit.predictor.given import a_pipeline, a_risk_version, a_version, some_rows, their_risk

RNG = np.random.default_rng(3)
TABLE = pd.DataFrame(RNG.random((300, 4)), columns=list("abcd"))
CLASSES = np.where(TABLE["a"] + TABLE["b"] > 1, "yes", "no")


def rows_of(table: pd.DataFrame) -> Rows:
    columns = [[None if pd.isna(v) else v for v in table[name].tolist()] for name in table.columns]
    return Rows(tuple(columns), len(table))


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize(
    "estimator",
    [
        DecisionTreeClassifier(max_depth=3, random_state=0),
        RandomForestClassifier(5, random_state=0, n_jobs=2),
        LogisticRegression(),
        HistGradientBoostingClassifier(max_iter=5),
    ],
)
def test_a_classifier_says_what_scikit_learn_says(estimator: Any, named: bool) -> None:
    fitted = estimator.fit(TABLE if named else TABLE.to_numpy(), CLASSES)
    described = DecisionTreeClassifier().fit(TABLE, CLASSES)  # the same features and classes
    predict = prediction_of(fitted, a_version(described, TABLE).manifest)
    given = TABLE[:50] if named else TABLE[:50].to_numpy()
    answer = predict(rows_of(TABLE[:50]))
    assert answer.predictions == fitted.predict(given).tolist()
    # BLAS may sum rows that lie elsewhere in memory in another order: the last bit is not the estimator's.
    assert answer.probabilities is not None
    assert np.allclose(answer.probabilities, fitted.predict_proba(given), rtol=1e-12, atol=0)
    assert answer.confidences == [max(row) for row in answer.probabilities]


def test_a_pipeline_gets_the_table_it_was_fitted_on() -> None:
    loaded = a_risk_version()
    table = some_rows(50, seed=8)
    answer = prediction_of(loaded.estimator, loaded.manifest)(rows_of(table))
    assert answer.predictions == loaded.estimator.predict(table).tolist()
    assert answer.probabilities == loaded.estimator.predict_proba(table).tolist()
    assert set(answer.predictions) == {"High", "Medium", "Low"}


def test_missing_values_reach_the_model_as_it_knew_them_in_training() -> None:
    """Whether a team is missing decides here, so a missing value that comes as another thing flips the answer."""
    table = some_rows()
    target = np.where(table["team"].isna(), "absent", "there")
    fitted = a_pipeline().fit(table, target)
    loaded = a_version(fitted, table)
    predict = prediction_of(fitted, loaded.manifest)
    assert predict(rows_of(table[:60])).predictions == target[:60].tolist()
    # And alone as in company: pandas finds another dtype for a column without any text.
    assert [predict(rows_of(table[i : i + 1])).predictions[0] for i in range(60)] == target[:60].tolist()


def test_missing_values_in_arrays_too() -> None:
    table = some_rows()[["environment", "team"]]
    target = np.where(table["team"].isna(), "absent", "there")
    texts = a_pipeline().steps[0][1].transformers[0][1]
    fitted = Pipeline([("texts", texts), ("tree", DecisionTreeClassifier())]).fit(table.to_numpy(), target)
    predict = prediction_of(fitted, a_version(fitted, table).manifest)
    assert predict(rows_of(table[:60])).predictions == target[:60].tolist()


def test_strings_without_column_names_are_an_array_of_objects() -> None:
    table = some_rows()[["environment", "team"]].fillna("none")
    texts = a_pipeline().steps[0][1].transformers[0][1]
    tree = DecisionTreeClassifier(max_depth=6)
    fitted = Pipeline([("texts", texts), ("tree", tree)]).fit(table.to_numpy(dtype=object), their_risk(some_rows()))
    predict = prediction_of(fitted, a_version(fitted, table).manifest)
    expected = fitted.predict(table[:20].to_numpy(dtype=object)).tolist()
    assert predict(rows_of(table[:20])).predictions == expected


def test_a_regressor_says_numbers() -> None:
    fitted = LinearRegression().fit(TABLE, TABLE["a"] * 3)
    answer = prediction_of(fitted, a_version(fitted, TABLE, target="price").manifest)(rows_of(TABLE[:9]))
    assert answer.predictions == pytest.approx(fitted.predict(TABLE[:9]))
    assert answer == Answer(answer.predictions)


def test_a_classifier_without_probabilities_has_no_confidence() -> None:
    fitted = RidgeClassifier().fit(TABLE, CLASSES)
    answer = prediction_of(fitted, a_version(fitted, TABLE).manifest)(rows_of(TABLE[:9]))
    assert answer == Answer(fitted.predict(TABLE[:9]).tolist())


def test_the_model_itself_decides_where_the_largest_probability_does_not() -> None:
    def contrary_class() -> Any:
        def predict(self: Any, given: Any) -> Any:
            return self.classes_[self.predict_proba(given).argmin(axis=1)]

        return type(
            "DecisionTreeClassifier", (DecisionTreeClassifier,), {"predict": predict, "__module__": "their.own"}
        )

    plain = DecisionTreeClassifier(max_depth=2, random_state=0).fit(TABLE, CLASSES)
    contrary = contrary_class()(max_depth=2, random_state=0).fit(TABLE, CLASSES)
    manifest = a_version(plain, TABLE).manifest
    answer = prediction_of(contrary, manifest)(rows_of(TABLE[:20]))
    assert answer.predictions == contrary.predict(TABLE[:20]).tolist()
    assert answer.predictions != plain.predict(TABLE[:20]).tolist()
    assert answer.confidences == contrary.predict_proba(TABLE[:20]).min(axis=1).tolist()


def test_classes_that_are_numbers_go_by_their_names() -> None:
    fitted = SVC().fit(TABLE, np.where(CLASSES == "yes", 1, 0))
    answer = prediction_of(fitted, a_version(fitted, TABLE).manifest)(rows_of(TABLE[:9]))
    assert answer.predictions == [str(n) for n in fitted.predict(TABLE[:9])]


def test_nothing_in_a_model_starts_threads_for_a_batch() -> None:
    forest = RandomForestClassifier(3, n_jobs=4).fit(TABLE, CLASSES)
    prediction_of(forest, a_version(forest, TABLE).manifest)
    assert forest.n_jobs is None


@pytest.mark.parametrize(
    ("method", "result"),
    [
        ("predict_proba", np.full((1, 2), np.nan)),
        ("predict_proba", np.ones((1, 3))),
        ("predict_proba", np.ones((2, 2))),
        ("predict_proba", ValueError("no")),
        ("predict_proba", MemoryError()),
    ],
)
def test_whatever_a_model_does_wrong_is_one_error(monkeypatch: pytest.MonkeyPatch, method: str, result: Any) -> None:
    fitted = DecisionTreeClassifier().fit(TABLE, CLASSES)
    manifest = a_version(fitted, TABLE).manifest

    def wrong(_: Any) -> Any:
        if isinstance(result, Exception):
            raise result
        return result

    monkeypatch.setattr(fitted, method, wrong)
    with pytest.raises(PredictionError):
        prediction_of(fitted, manifest)(rows_of(TABLE[:1]))


def test_a_number_that_is_none_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    fitted = LinearRegression().fit(TABLE, TABLE["a"])
    manifest = a_version(fitted, TABLE, target="price").manifest
    monkeypatch.setattr(fitted, "predict", lambda _: np.array([np.inf]))
    with pytest.raises(PredictionError, match="not finite"):
        prediction_of(fitted, manifest)(rows_of(TABLE[:1]))


def test_what_json_gives_is_what_the_model_gets() -> None:
    """The schema's integers, doubles, texts and booleans in one row, as a caller writes them."""
    loaded = a_risk_version()
    schema = Schema(loaded.manifest.features)
    rows = schema.from_records([[200, "prod", "Platform", 1, False], [3, "dev", None, None, True]])
    assert prediction_of(loaded.estimator, loaded.manifest)(rows).predictions == ["High", "Low"]
