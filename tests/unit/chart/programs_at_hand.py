"""Where helm and promtool are: on PATH, or in the embedded cluster's cache."""

import os
import shutil

import pytest

from tests.cluster.cache import Cache
from tests.cluster.places import Places
from tests.cluster.programs import recipes


def program(name: str) -> str:
    """Return the path of a program, or skip the test that needs it."""
    cache = Places.of(os.environ).cache
    kept = (Cache(cache).find(recipe) for recipe in recipes(cache) if name in recipe.files)
    found = shutil.which(name) or next((str(folder / name) for folder in kept if folder is not None), None)
    if found is None:
        pytest.skip(f"{name} is not on this machine; `make cluster-up` builds it")
    return found
