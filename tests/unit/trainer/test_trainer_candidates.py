"""Candidates: what may be trained, and the pipelines they become."""

import numpy as np
import pandas as pd
import pytest

from seatrial.contract.schema import Feature, Kind, Task
from seatrial.contract.training import Candidate
from seatrial_runtime.trainer.candidates import contenders, pipeline
from seatrial_runtime.trainer.errors import RequestError

TREE, LINEAR = "sklearn.tree.DecisionTreeClassifier", "sklearn.linear_model.LogisticRegression"
FEATURES = (
    Feature("size", Kind.INTEGER),
    Feature("share", Kind.NUMBER, nullable=True),
    Feature("team", Kind.STRING, nullable=True),
    Feature("night", Kind.BOOLEAN),
    Feature("weekend", Kind.BOOLEAN, nullable=True),
)


@pytest.mark.parametrize(
    ("candidate", "says"),
    [
        (Candidate("os.system", {}), "'os.system' is not of sklearn"),
        (Candidate("sklearnish.Model", {}), "is not of sklearn"),
        (Candidate("sklearn.tree.Oak", {}), "is no estimator"),
        (Candidate("sklearn.nowhere.Tree", {}), "cannot be imported"),
        (Candidate("sklearn.metrics.accuracy_score", {}), "is no estimator"),
        (Candidate("sklearn.preprocessing.StandardScaler", {}), "neither a classifier nor a regressor"),
        (Candidate("sklearn.ensemble.VotingClassifier", {}), "needs arguments"),
        (Candidate(TREE, {"depth": (3,)}), "has no parameter 'depth'; it has .*max_depth"),
        (Candidate(TREE, {"max_depth": tuple(range(201))}), "more than 200 settings"),
    ],
)
def test_what_may_not_be_trained_is_refused_with_the_reason(candidate: Candidate, says: str) -> None:
    with pytest.raises(RequestError, match=says):
        contenders([candidate], 1)


def test_candidates_are_of_one_kind() -> None:
    found, task = contenders([Candidate(TREE, {}), Candidate(LINEAR, {})], 7)
    assert task is Task.CLASSIFICATION
    assert [contender.estimator.random_state for contender in found] == [7, 7]
    assert [contender.scaled for contender in found] == [False, True]
    with pytest.raises(RequestError, match="classifiers and regressors"):
        contenders([Candidate(TREE, {}), Candidate("sklearn.linear_model.Ridge", {})], 1)
    with pytest.raises(RequestError, match="candidates is empty"):
        contenders([], 1)


@pytest.mark.parametrize("path", [TREE, LINEAR])
def test_a_pipeline_takes_every_kind_of_feature_and_what_is_missing(path: str) -> None:
    rows = pd.DataFrame(
        {
            "size": [1, 2, 3, 40, 50, 60],
            "share": [0.1, np.nan, 0.3, 0.4, 0.5, 0.6],
            "team": np.array(["a", "b", np.nan, "a", "b", "c"], dtype=object),
            "night": [True, False, True, False, True, False],
            "weekend": np.array([True, np.nan, False, True, False, True], dtype=object),
        }
    )
    (contender,), _ = contenders([Candidate(path, {})], 1)
    model = pipeline(contender, FEATURES).fit(rows, ["Low"] * 3 + ["High"] * 3)
    assert list(model.feature_names_in_) == [feature.name for feature in FEATURES]
    unseen = rows.assign(team=np.array(["z"] * 6, dtype=object), size=1000)
    assert set(model.predict(unseen)) == {"High"}
    assert not np.isnan(model[:-1].transform(rows)).any()


def test_numbers_are_scaled_for_all_but_trees() -> None:
    rows = pd.DataFrame({"size": [10, 20, 30, 40]})
    prepared = {}
    for path in (TREE, LINEAR):
        (contender,), _ = contenders([Candidate(path, {})], 1)
        model = pipeline(contender, (Feature("size", Kind.INTEGER),)).fit(rows, ["a", "a", "b", "b"])
        prepared[path] = model[:-1].transform(rows)[:, 0].tolist()
    assert prepared[TREE] == [10, 20, 30, 40]
    assert prepared[LINEAR] == pytest.approx([-1.3416, -0.4472, 0.4472, 1.3416], abs=1e-4)


def test_a_text_of_many_values_stays_narrow() -> None:
    rows = pd.DataFrame({"host": np.array([f"host-{i % 400}" for i in range(800)], dtype=object)})
    (contender,), _ = contenders([Candidate(TREE, {})], 1)
    model = pipeline(contender, (Feature("host", Kind.STRING),)).fit(rows, ["a", "b"] * 400)
    assert model[:-1].transform(rows).shape == (800, 100)
