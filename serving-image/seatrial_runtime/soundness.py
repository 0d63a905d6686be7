"""Checks of loaded estimators for indices that scikit-learn's compiled code follows without looking.

A made-up file of trusted types can hold a tree whose node points outside of its arrays, or back to itself: predicting
would read foreign memory, or never end. These checks cover decision trees and everything made of them, histogram
boosting, and the trees of nearest neighbours; they are no proof for other compiled parts, such as libsvm.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble._forest import BaseForest
from sklearn.ensemble._gb import BaseGradientBoosting
from sklearn.ensemble._hist_gradient_boosting.gradient_boosting import BaseHistGradientBoosting
from sklearn.neighbors import BallTree, KDTree
from sklearn.tree import BaseDecisionTree
from sklearn.tree._tree import Tree

_LEAF = -1


class UnsoundModelError(Exception):
    """An estimator holds indices that point where they must not."""


def check_soundness(model: object) -> None:
    """Check all that an estimator is made of; raises UnsoundModelError."""
    for part in _parts(model):
        match part:
            case Tree():
                _check_tree(part)
            case BaseDecisionTree() if hasattr(part, "tree_"):  # an unfitted one is another's parameter
                _check_width(part, [part])
            case BaseForest() | BaseGradientBoosting() if hasattr(part, "estimators_"):
                _check_width(part, list(np.ravel(np.asarray(part.estimators_, dtype=object))))
            case BaseHistGradientBoosting() if hasattr(part, "_predictors"):
                _check_boosting(part)
            case KDTree() | BallTree():
                _check_neighbours(part)


def _parts(root: object) -> Iterator[Any]:
    """Yield an object and all objects in it, each once."""
    seen: dict[int, object] = {}
    waiting = [root]
    while waiting:
        part = waiting.pop()
        if id(part) in seen or isinstance(part, type):
            continue
        seen[id(part)] = part  # kept, so that no other object gets its id
        yield part
        waiting.extend(_inside(part))


def _inside(part: Any) -> list[Any]:
    match part:
        case dict():
            return list(part.values())
        case list() | tuple() | set():
            return list(part)
        case np.ndarray():
            return list(part.flat) if part.dtype == object else []
        case _:
            return list(vars(part).values()) if hasattr(part, "__dict__") else []


def _check_tree(tree: Any) -> None:
    left, right, feature = tree.children_left, tree.children_right, tree.feature
    inner = np.flatnonzero(left != _LEAF)
    _check_children(inner, left[inner], right[inner], tree.node_count)
    _check(bool(np.all((feature[inner] >= 0) & (feature[inner] < tree.n_features))), "a split on no feature")


def _check_children(nodes: Any, left: Any, right: Any, count: int) -> None:
    """A child has a greater index than its parent, as all of scikit-learn's builders number them: so walks end."""
    sound = (left > nodes) & (left < count) & (right > nodes) & (right < count)
    _check(bool(np.all(sound)), "a child that is none")


def _check_width(owner: BaseEstimator, trees: list[Any]) -> None:
    """The rows have as many columns as the owner says; no tree in it may look further."""
    for tree in trees:
        _check(hasattr(tree, "tree_"), "a member that is no tree")
        _check(tree.tree_.n_features <= owner.n_features_in_, "a tree of more features than its owner")


def _check_boosting(model: Any) -> None:
    categorical = np.asarray(model._bin_mapper.is_categorical_, dtype=bool)
    _check(len(categorical) == model.n_features_in_, "flags for other features")
    for predictor in (p for stage in model._predictors for p in stage):
        nodes, sets = predictor.nodes, predictor.raw_left_cat_bitsets
        index = np.flatnonzero(~nodes["is_leaf"].astype(bool))
        inner = nodes[index]
        _check_children(index, inner["left"].astype(np.int64), inner["right"].astype(np.int64), len(nodes))
        _check(
            bool(np.all((inner["feature_idx"] >= 0) & (inner["feature_idx"] < len(categorical)))),
            "a split on no feature",
        )
        chosen = inner[inner["is_categorical"].astype(bool)]
        _check(bool(np.all(categorical[chosen["feature_idx"]])), "a set for a feature that has no categories")
        _check(bool(np.all(chosen["bitset_idx"] < len(sets))), "a set of categories that is none")


def _check_neighbours(tree: Any) -> None:
    data, index, nodes, bounds, _, levels, count, *_ = tree.__getstate__()
    data, index, nodes, bounds = (np.asarray(part) for part in (data, index, nodes, bounds))
    rows = len(data)
    _check(count == 2**levels - 1 == len(nodes) == bounds.shape[1], "a number of nodes that is none")
    _check(bounds.shape[2] == data.shape[1], "bounds of other dimensions")
    _check(len(index) == rows and bool(np.all((index >= 0) & (index < rows))), "a row that is none")
    start, end = nodes["idx_start"], nodes["idx_end"]
    _check(bool(np.all((start >= 0) & (start <= end) & (end <= rows))), "a range of rows that is none")
    last = np.arange(count) * 2 + 2 >= count
    _check(bool(np.all(nodes["is_leaf"][last])), "a leaf with children")


def _check(sound: bool, what: str) -> None:
    if not sound:
        raise UnsoundModelError(f"the model holds {what}: the file was not written by scikit-learn as it is")
