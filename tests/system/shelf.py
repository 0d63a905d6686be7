"""The shelf of the end-to-end tests: each version of the running example, pushed once to a store that is kept."""

from tests.system.publishing import Shelf
from tests.system.site import Site

VERSIONS = ("1", "2", "3", "broken", "slow")


def shared_shelf(site: Site) -> Shelf:
    """Return the shelf; `stock` has filled it."""
    return Shelf(site, "e2e", "risk", "deploy-risk")


def stock(site: Site) -> None:
    """Push what is missing."""
    shelf = shared_shelf(site)
    shelf.prepare()
    for version in VERSIONS:
        if not shelf.has(version):
            shelf.push(version)
