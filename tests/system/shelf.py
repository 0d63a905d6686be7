"""The shelf of the end-to-end tests: each version of the running example, pushed once to a store that is kept."""

import uuid

from tests.system.publishing import Shelf
from tests.system.site import Site

VERSIONS = ("1", "2", "3", "broken", "slow")


def shared_shelf(site: Site) -> Shelf:
    """Return the shelf; `stock` has filled it."""
    return Shelf(site, "e2e", "risk", "deploy-risk")


def fresh_shelf(site: Site) -> Shelf:
    """Return a shelf that nobody has used: a version never changes, so nobody may push another of the same name."""
    return Shelf(site, "e2e", f"fresh-{uuid.uuid4().hex[:12]}", "deploy-risk")


def stock(site: Site) -> None:
    """Push what is missing."""
    shelf = shared_shelf(site)
    shelf.prepare()
    for version in VERSIONS:
        if not shelf.has(version):
            shelf.push(version)
