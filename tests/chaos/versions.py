"""The versions that people want: of each quality some, pushed once to a store that is kept.

A version never changes, and one that was rejected is not tried again; so there are several of each.
"""

from collections.abc import Mapping
from enum import StrEnum

from tests.system.publishing import Shelf
from tests.system.site import Site


class Quality(StrEnum):
    """What a version is like: but for the last, those of `tests.demo.versions`."""

    TREE = "1"
    FOREST = "2"
    SWAPPED = "3"
    BROKEN = "broken"
    SLOW = "slow"
    TAMPERED = "tampered"


GOOD: Mapping[str, Quality] = {
    "good-1": Quality.TREE,
    "good-2": Quality.FOREST,
    "good-3": Quality.TREE,
    "good-4": Quality.FOREST,
    "good-5": Quality.TREE,
    "good-6": Quality.FOREST,
}
BAD: Mapping[str, Quality] = {
    "broken-1": Quality.BROKEN,
    "broken-2": Quality.BROKEN,
    "swapped-1": Quality.SWAPPED,
    "swapped-2": Quality.SWAPPED,
    "slow-1": Quality.SLOW,
    "tampered-1": Quality.TAMPERED,
    "tampered-2": Quality.TAMPERED,
}
FIRST = "good-1"


def chaos_shelf(site: Site) -> Shelf:
    """Return the shelf of the chaos tests; `stock` has filled it."""
    return Shelf(site, "e2e", "chaos", "deploy-risk")


def stock(shelf: Shelf) -> None:
    """Push what is missing."""
    shelf.prepare()
    for version, quality in {**GOOD, **BAD}.items():
        if shelf.has(version):
            continue
        if quality is Quality.TAMPERED:
            shelf.push(Quality.TREE, version)
            shelf.tamper(version)
        else:
            shelf.push(quality, version)
