"""A cluster that nobody may ask anything."""

from pathlib import Path

import pytest

from tests.system.kubectl import Commands


@pytest.fixture
def commands() -> Commands:
    """Commands of a cluster that is not there."""
    return Commands(Path("/nowhere"), Path("/nowhere/kubectl"), Path("/nowhere/helm"))
