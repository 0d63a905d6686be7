"""Models whose indices point where they must not are refused, before scikit-learn follows them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.tree._tree import Tree

from seatrial_runtime.soundness import UnsoundModelError, check_soundness
from seatrial_runtime.trust import UntrustedModelError, load_model

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 3))
X[:, 2] = RNG.integers(0, 4, 200)
Y = np.where(X[:, 0] * X[:, 1] + (X[:, 2] == 1) > 0, "High", "Low")

Change = Callable[[Any], None]  # of a structured array of nodes


def with_nodes(tree: Tree, change: Change, features: int | None = None) -> Tree:
    """Return a tree whose nodes were changed as a forger would."""
    state = tree.__getstate__()
    nodes = state["nodes"].copy()
    change(nodes)
    width = tree.n_features if features is None else features
    forged = Tree(width, np.asarray(tree.n_classes, dtype=np.intp), tree.n_outputs)
    forged.__setstate__({**state, "nodes": nodes})
    return forged


def put(field: str, value: int, node: int = 0) -> Change:
    def change(nodes: Any) -> None:
        nodes[field][node] = value

    return change


FORGERIES = [
    put("left_child", 10**6),
    put("right_child", 10**6),
    put("left_child", -7),
    put("right_child", -1),
    put("left_child", 0),  # a walk that never ends
    put("feature", 3),
    put("feature", -2),
]


@pytest.mark.parametrize("change", FORGERIES)
def test_a_forged_tree_is_refused(tmp_path: Path, change: Change) -> None:
    model = DecisionTreeClassifier(random_state=0).fit(X, Y)
    model.tree_ = with_nodes(model.tree_, change)
    skops.io.dump(make_pipeline(StandardScaler().fit(X), model), tmp_path / "model.skops")
    with pytest.raises(UntrustedModelError, match="not written by scikit-learn as it is"):
        load_model(tmp_path / "model.skops", "skops")


@pytest.mark.parametrize(
    "ensemble", [RandomForestClassifier(3), GradientBoostingClassifier(n_estimators=3)], ids=["forest", "boosting"]
)
def test_a_forged_tree_is_found_in_an_ensemble(ensemble: Any) -> None:
    model = ensemble.fit(X, Y)
    check_soundness(model)
    member = np.ravel(np.asarray(model.estimators_, dtype=object))[1]
    member.tree_ = with_nodes(member.tree_, put("left_child", 10**6))
    with pytest.raises(UnsoundModelError, match="a child that is none"):
        check_soundness(model)


def test_a_tree_that_looks_further_than_its_forests_rows_is_refused() -> None:
    """The forest checks the rows' width against its own, and its trees' against none."""
    model = RandomForestClassifier(3, random_state=0).fit(X, Y)
    member = model.estimators_[1]
    member.tree_ = with_nodes(member.tree_, put("feature", 50), features=100)
    member.n_features_in_ = 100
    with pytest.raises(UnsoundModelError, match="more features than its owner"):
        check_soundness(model)


def boosting() -> Any:
    return HistGradientBoostingClassifier(max_iter=3, categorical_features=[2], random_state=0).fit(X, Y)


def test_boosting_as_it_is_is_sound() -> None:
    model = boosting()
    assert any(p.nodes["is_categorical"].any() for stage in model._predictors for p in stage)
    check_soundness(model)


@pytest.mark.parametrize(
    ("field", "value"), [("left", 10**6), ("right", 0), ("feature_idx", 3), ("is_categorical", 1), ("bitset_idx", 99)]
)
def test_forged_boosting_is_refused(field: str, value: int) -> None:
    """`is_categorical` is set for a feature that is none, `bitset_idx` for one that is."""
    model = boosting()
    nodes = model._predictors[0][0].nodes
    inner = ~nodes["is_leaf"].astype(bool)
    chosen = nodes["is_categorical"].astype(bool) == (field == "bitset_idx")
    nodes[field][np.flatnonzero(inner & chosen)[0]] = value
    with pytest.raises(UnsoundModelError):
        check_soundness(model)


@pytest.mark.parametrize("algorithm", ["kd_tree", "ball_tree"])
def test_neighbours_as_they_are_are_sound(algorithm: str) -> None:
    check_soundness(KNeighborsClassifier(algorithm=algorithm, leaf_size=5).fit(X, Y))
    check_soundness(KNeighborsClassifier(algorithm=algorithm).fit(X, Y))


@pytest.mark.parametrize("algorithm", ["kd_tree", "ball_tree"])
@pytest.mark.parametrize("forgery", ["row", "range", "leaf", "count", "width"])
def test_forged_neighbours_are_refused(algorithm: str, forgery: str) -> None:
    model = KNeighborsClassifier(algorithm=algorithm, leaf_size=5).fit(X, Y)
    tree = model._tree
    state = list(tree.__getstate__())
    match forgery:
        case "row":
            state[1] = state[1].copy()
            state[1][0] = 10**6
        case "range":
            state[2] = state[2].copy()
            state[2]["idx_end"][0] = 10**6
        case "leaf":
            state[2] = state[2].copy()
            state[2]["is_leaf"][-1] = 0
        case "count":
            state[6] *= 2
        case _:
            state[3] = state[3][:, :, :1].copy()
    tree.__setstate__(tuple(state))
    with pytest.raises(UnsoundModelError):
        check_soundness(model)


def test_a_model_that_holds_itself_is_walked_once() -> None:
    model = DecisionTreeClassifier(random_state=0).fit(X, Y)
    model.own_ = [model, {"again": model}]
    check_soundness(model)


def test_an_unfitted_part_is_no_fault() -> None:
    check_soundness(RandomForestClassifier(3, random_state=0))
    check_soundness(make_pipeline(StandardScaler(), HistGradientBoostingClassifier(), GradientBoostingClassifier()))
