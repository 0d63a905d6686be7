"""Where helm and promtool are: on PATH, or in the embedded cluster's cache."""

import os
import shutil

import pytest

from tests.cluster.cache import Cache
from tests.cluster.places import Places
from tests.cluster.programs import recipes


def program(name: str) -> str:
    """Return the path of a program; without it skip the test, or fail it where every test was asked for."""
    cache = Places.of(os.environ).cache
    kept = (Cache(cache).find(recipe) for recipe in recipes(cache) if name in recipe.files)
    found = shutil.which(name) or next((str(folder / name) for folder in kept if folder is not None), None)
    if found is not None:
        return found
    absent = f"{name} is not on this machine; `make cluster-up` builds it"
    if os.environ.get("SEATRIAL_ALL_TESTS"):
        pytest.fail(absent)
    pytest.skip(absent)
