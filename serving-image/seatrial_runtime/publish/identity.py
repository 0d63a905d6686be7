"""What an estimator is called, how it was set, and what it was made with."""

import platform
import re
from importlib import import_module
from importlib.metadata import version
from typing import Any

from sklearn.pipeline import Pipeline

_LIBRARIES = ("scikit-learn", "numpy", "scipy", "pandas")
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
_LONGEST = 200  # characters of one parameter


def final_estimator(estimator: Any) -> Any:
    """Return the last step of a pipeline, or the estimator itself."""
    return final_estimator(estimator.steps[-1][1]) if isinstance(estimator, Pipeline) else estimator


def estimator_name(estimator: Any) -> str:
    """Return the import path of the estimator's class (of a pipeline, its last step's), as its users write it.

    That is the shortest of its module's parents that has the class: where it is defined is no concern of theirs.
    """
    kind = type(final_estimator(estimator))
    parts = kind.__module__.split(".")
    prefixes = (".".join(parts[:length]) for length in range(1, len(parts) + 1))
    found = next(prefix for prefix in prefixes if _has(prefix, kind))
    return f"{found}.{kind.__qualname__}"


def _has(module: str, kind: type) -> bool:
    """Say whether a module has the class under its own name; a class's own module does, even if it is nested there."""
    return module == kind.__module__ or getattr(import_module(module), kind.__qualname__, None) is kind


def parameters_of(estimator: Any) -> dict[str, str]:
    """Return the parameters of the estimator (of a pipeline, its last step's), as Python writes them."""
    final = final_estimator(estimator)
    given = final.get_params(deep=False) if hasattr(final, "get_params") else {}
    return {name: _shown(value) for name, value in sorted(given.items())}


def packages_of(form: str) -> dict[str, str]:
    """Return the versions of Python, the libraries and the format `form` (skops, joblib), and the platform."""
    libraries = {name: version(name) for name in (*_LIBRARIES, form)}
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        **libraries,
    }


def _shown(value: object) -> str:
    text = _ADDRESS.sub("", repr(value))
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
