"""Which models may be loaded at all, and the loading itself: the only place that turns files into estimators.

skops builds an object only from types that it is told to trust. Beyond its own defaults it is told to trust classes
that scikit-learn itself defines in the packages which hold models, and the names in `_EXACT`; never another
function, and nothing from a package that reads files or starts processes. What is loaded is then checked for node
indices that scikit-learn follows unchecked (`soundness`). A pickle runs what it likes, so it needs a policy's word.
"""

import importlib
from pathlib import Path
from typing import Any

from seatrial_runtime.soundness import UnsoundModelError, check_soundness

# Packages of scikit-learn whose classes only compute. Not: datasets, externals, utils, test code.
# fmt: off
_PACKAGES = frozenset({
    "_loss", "calibration", "cluster", "compose", "covariance", "cross_decomposition", "decomposition",
    "discriminant_analysis", "dummy", "ensemble", "feature_extraction", "feature_selection", "frozen",
    "gaussian_process", "impute", "isotonic", "kernel_approximation", "kernel_ridge", "linear_model",
    "manifold", "mixture", "model_selection", "multiclass", "multioutput", "naive_bayes", "neighbors",
    "neural_network", "pipeline", "preprocessing", "random_projection", "semi_supervised", "svm", "tree",
})
# fmt: on
_DISTANCES = "sklearn.metrics._dist_metrics"
# What a SplineTransformer, a voting or stacking ensemble, boosting with categories and some encoders hold besides.
# A partial calls only what it holds, which is asked for by its own name.
_EXACT = frozenset(
    {
        "functools.partial",
        "numpy.dtype",
        "scipy._lib.array_api_compat.numpy._aliases.asarray",
        "scipy.interpolate._bsplines.BSpline",
        "sklearn.utils._bunch.Bunch",
        "sklearn.utils.validation.check_array",
    }
)


class ModelError(Exception):
    """The model's file cannot be used; the message says why and what may help."""


class UntrustedModelError(ModelError):
    """The file wants to build what Seatrial does not trust."""


class BrokenModelError(ModelError):
    """The file is not what its format promises, or not what its manifest describes."""


def load_model(path: Path, form: str, *, allow_pickle: bool = False) -> Any:
    """Load an estimator from a file of format `form`, `skops` or `joblib`.

    Raises UntrustedModelError naming the types that are not trusted, or for a joblib file unless `allow_pickle`;
    BrokenModelError where the file cannot be read.
    """
    if form == "joblib":
        return _load_joblib(path, allow_pickle)
    if form != "skops":
        raise UntrustedModelError(f"model {path.name} has format {form!r}; expected skops or joblib")
    return _load_skops(path)


def is_trusted(name: str) -> bool:
    """Say whether a type that skops does not know may be built: a class that scikit-learn defines for its models."""
    if name in _EXACT:
        return True
    module, _, attribute = name.rpartition(".")
    root, _, rest = module.partition(".")
    package = rest.partition(".")[0]
    if root != "sklearn" or ".tests" in module or (package not in _PACKAGES and module != _DISTANCES):
        return False
    return _is_class(module, attribute)


def _is_class(module: str, attribute: str) -> bool:
    """Say whether the module itself defines a class of this name: no function, nothing imported from elsewhere."""
    try:
        found = getattr(importlib.import_module(module), attribute, None)
    except ImportError:
        return False
    return isinstance(found, type) and found.__module__ == module


def _load_skops(path: Path) -> Any:
    import skops.io  # slow to import, and not needed for joblib

    try:
        reported = skops.io.get_untrusted_types(file=path)
        refused = [name for name in reported if not is_trusted(name)]
        if refused:
            raise UntrustedModelError(
                f"model {path.name} holds types that are not trusted: {', '.join(refused)}; "
                "only scikit-learn's own classes are loaded from skops files"
            )
        model = skops.io.load(path, trusted=reported)
        check_soundness(model)
    except (ModelError, MemoryError):
        raise
    except UnsoundModelError as error:
        raise UntrustedModelError(f"model {path.name}: {error}") from error
    except Exception as error:  # a made-up file can fail in any way
        raise BrokenModelError(
            f"model {path.name} is no readable skops file: {type(error).__name__}: {error}"
        ) from error
    return model


def _load_joblib(path: Path, allow_pickle: bool) -> Any:
    if not allow_pickle:
        raise UntrustedModelError(
            f"model {path.name} is a pickle (joblib), which can run any code; it is loaded only where that is allowed"
        )
    import joblib

    try:
        return joblib.load(path)
    except MemoryError:
        raise
    except Exception as error:
        raise BrokenModelError(
            f"model {path.name} is no readable joblib file: {type(error).__name__}: {error}"
        ) from error
