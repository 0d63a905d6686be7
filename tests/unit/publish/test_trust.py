"""What may be loaded: models of scikit-learn, whole ones, and nothing that runs code on the way."""

import functools
import json
import operator
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.datasets import fetch_openml
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, SplineTransformer, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from seatrial_runtime.trust import BrokenModelError, UntrustedModelError, is_trusted, load_model

RNG = np.random.default_rng(0)
ROWS = pd.DataFrame({"a": RNG.normal(size=120), "b": RNG.normal(size=120), "t": RNG.choice(list("xyz"), 120)})
TRUTH = np.where(ROWS["a"] + (ROWS["t"] == "x") > 0.3, "High", "Low")

ESTIMATORS = [
    AdaBoostClassifier(n_estimators=3),
    BaggingClassifier(n_estimators=3),
    CalibratedClassifierCV(LogisticRegression(), cv=2),
    DecisionTreeClassifier(),
    ExtraTreesClassifier(3),
    GaussianNB(),
    GradientBoostingClassifier(n_estimators=3),
    HistGradientBoostingClassifier(max_iter=3),
    KNeighborsClassifier(),
    KNeighborsClassifier(algorithm="ball_tree"),
    LogisticRegression(),
    MLPClassifier(max_iter=1000, hidden_layer_sizes=(5,), tol=0.1),
    RandomForestClassifier(3),
    SGDClassifier(),
    StackingClassifier([("tree", DecisionTreeClassifier()), ("forest", RandomForestClassifier(3))], cv=2),
    SVC(),
    VotingClassifier([("tree", DecisionTreeClassifier()), ("forest", RandomForestClassifier(3))], voting="soft"),
]


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda estimator: type(estimator).__name__)
def test_models_of_scikit_learn_load_and_answer_alike(tmp_path: Path, estimator: BaseEstimator) -> None:
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["t"]),
        (SplineTransformer(n_knots=3), ["a"]),
        (StandardScaler(), ["b"]),
    )
    model = make_pipeline(columns, estimator).fit(ROWS, TRUTH)
    skops.io.dump(model, tmp_path / "model.skops")
    loaded = load_model(tmp_path / "model.skops", "skops")
    np.testing.assert_array_equal(loaded.predict(ROWS), model.predict(ROWS))


def test_boosting_with_categories_loads(tmp_path: Path) -> None:
    rows = ROWS.assign(t=OrdinalEncoder().fit_transform(ROWS[["t"]]).ravel())
    model = HistGradientBoostingClassifier(max_iter=3, categorical_features=["t"]).fit(rows, TRUTH)
    skops.io.dump(model, tmp_path / "model.skops")
    loaded = load_model(tmp_path / "model.skops", "skops")
    np.testing.assert_array_equal(loaded.predict_proba(rows), model.predict_proba(rows))


class Homemade(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A class of somebody's own."""

    def fit(self, x: object, y: object) -> "Homemade":
        """Learn nothing."""
        self.classes_ = np.unique(np.asarray(y))
        return self


@pytest.mark.parametrize(
    ("held", "named"),
    [
        (FunctionTransformer(os.system), "posix.system"),
        (FunctionTransformer(np.load), "numpy.load"),
        (FunctionTransformer(fetch_openml), "sklearn.datasets._openml.fetch_openml"),
        (FunctionTransformer(functools.partial(os.system, "true")), "posix.system"),
        (FunctionTransformer(operator.methodcaller("system", "true")), "operator.methodcaller"),
        (FunctionTransformer(GaussianNB().fit), "sklearn.naive_bayes.GaussianNB.fit"),
        (Homemade().fit([], ["a", "b"]), "Homemade"),
    ],
)
def test_what_is_not_scikit_learns_own_class_is_refused_by_name(tmp_path: Path, held: object, named: str) -> None:
    skops.io.dump(held, tmp_path / "model.skops")
    with pytest.raises(UntrustedModelError, match=rf"model\.skops holds types that are not trusted: .*{named}"):
        load_model(tmp_path / "model.skops", "skops")


def forge(path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """Write a skops file whose schema was changed."""
    skops.io.dump(StandardScaler(), path)
    with zipfile.ZipFile(path) as file:
        schema = json.loads(file.read("schema.json"))
    change(schema)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("schema.json", json.dumps(schema))
    return path


def named(module: str, name: str, loader: str, content: object) -> Callable[[dict[str, Any]], None]:
    return lambda schema: schema.update(__module__=module, __class__=name, __loader__=loader, content=content)


ARGUMENT = {"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode", "content": '"touch marker"'}
ARGUMENTS = {"__class__": "tuple", "__module__": "builtins", "__loader__": "TupleNode", "content": [ARGUMENT]}


@pytest.mark.parametrize(
    ("module", "name"),
    [("os", "system"), ("builtins", "eval"), ("sklearn.utils._testing", "os.system"), ("subprocess", "Popen")],
)
def test_a_forged_constructor_is_never_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = forge(tmp_path / "model.skops", named(module, name, "ConstructorFromReduceNode", ARGUMENTS))
    with pytest.raises(UntrustedModelError, match=f"{module}.{name}"):
        load_model(path, "skops")
    assert not (tmp_path / "marker").exists()


@pytest.mark.parametrize(
    "name",
    [
        "sklearn.tree._tree.Tree",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.gaussian_process.kernels.RBF",
        "sklearn.metrics._dist_metrics.EuclideanDistance64",
        "sklearn.calibration._CalibratedClassifier",
    ],
)
def test_classes_that_models_are_made_of_are_trusted(name: str) -> None:
    assert is_trusted(name)


@pytest.mark.parametrize(
    "name",
    [
        "os.system",
        "builtins.eval",
        "numpy.load",
        "numpy.memmap",
        "scipy.io.loadmat",
        "sklearn.utils._testing.TempMemmap",  # not of a package that holds models
        "sklearn.datasets._base.RemoteFileMetadata",
        "sklearn.tree.tests.test_tree.Tree",
        "sklearn.tree._export.export_text",  # a function
        "sklearn.tree._classes.np.load",  # reached through a module
        "functools.reduce",
        "sklearn.pipeline.Parallel",  # a class from elsewhere
        "sklearn.pipeline.defaultdict",
        "sklearn.tree.DecisionTreeClassifier",  # not where it is defined
        "sklearn.naive_bayes.GaussianNB.fit",
        "sklearn.nothing.here.Class",
        "sklearn_evil.tree.Class",
        "tree",
        "",
    ],
)
def test_nothing_else_is_trusted(name: str) -> None:
    assert not is_trusted(name)


@pytest.mark.parametrize("body", [b"", b"no zip", b"PK\x05\x06" + bytes(18)])
def test_a_file_that_is_no_skops_file_is_broken(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "model.skops").write_bytes(body)
    with pytest.raises(BrokenModelError, match=r"model\.skops is no readable skops file"):
        load_model(tmp_path / "model.skops", "skops")


class Marks:
    """An object whose pickle runs code: it makes a folder where it is loaded."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("marker",)


def test_a_pickle_is_not_even_opened_unless_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    joblib.dump(Marks(), tmp_path / "model.joblib")
    with pytest.raises(UntrustedModelError, match=r"model\.joblib is a pickle \(joblib\), which can run any code"):
        load_model(tmp_path / "model.joblib", "joblib")
    assert not (tmp_path / "marker").exists()
    load_model(tmp_path / "model.joblib", "joblib", allow_pickle=True)
    assert (tmp_path / "marker").exists()


def test_a_pickle_by_the_name_of_skops_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    joblib.dump(Marks(), tmp_path / "model.skops")
    with pytest.raises(BrokenModelError):
        load_model(tmp_path / "model.skops", "skops")
    assert not (tmp_path / "marker").exists()


def test_a_broken_pickle_says_so(tmp_path: Path) -> None:
    (tmp_path / "model.joblib").write_bytes(b"no pickle")
    with pytest.raises(BrokenModelError, match="no readable joblib file"):
        load_model(tmp_path / "model.joblib", "joblib", allow_pickle=True)


def test_a_format_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UntrustedModelError, match="format 'pkl'; expected skops or joblib"):
        load_model(tmp_path / "model.pkl", "pkl", allow_pickle=True)
