"""What the end-to-end tests stand on: Seatrial installed (`python -m tests.system`), and a shelf of model versions."""

import re
from collections.abc import Iterator

import pytest

from tests.system.installation import installed_site
from tests.system.publishing import Shelf
from tests.system.shelf import shared_shelf
from tests.system.site import Site
from tests.system.world import World


@pytest.fixture(scope="session")
def site() -> Site:
    """The site, with Seatrial on it."""
    return installed_site()


@pytest.fixture(scope="session")
def shelf(site: Site) -> Shelf:
    """The versions that tests deploy."""
    return shared_shelf(site)


@pytest.fixture
def world(site: Site, shelf: Shelf, request: pytest.FixtureRequest) -> Iterator[World]:
    """A namespace of the test's own, gone when it ends."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower()).strip("-")
    made = World(site, shelf, f"e2e-{name}"[:60].rstrip("-"))
    made.is_gone()
    yield made
    made.is_gone()
