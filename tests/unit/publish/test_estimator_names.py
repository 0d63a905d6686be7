"""An estimator is called as its users write it, wherever scikit-learn keeps its class."""

import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from seatrial_runtime.publish.identity import estimator_name


@pytest.mark.parametrize(
    ("estimator", "name"),
    [
        (DecisionTreeClassifier(), "sklearn.tree.DecisionTreeClassifier"),
        (HistGradientBoostingClassifier(), "sklearn.ensemble.HistGradientBoostingClassifier"),
        (make_pipeline(StandardScaler(), LogisticRegression()), "sklearn.linear_model.LogisticRegression"),
    ],
)
def test_the_public_import_path(estimator: object, name: str) -> None:
    assert estimator_name(estimator) == name


def test_a_class_that_nobody_exports_has_the_name_of_its_module() -> None:
    class Own:
        pass

    assert estimator_name(Own()) == f"{__name__}.{Own.__qualname__}"
