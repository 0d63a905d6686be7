"""The short form of `python -m tests.chaos`: the same story each time, in the cluster's own time."""

import pytest

from tests.chaos.scene import Scene
from tests.system.site import Site

pytestmark = [pytest.mark.cluster, pytest.mark.alone]
SEED, MINUTES = 4, 5.0


@pytest.mark.timeout(960)
def test_whatever_happens_the_rules_hold_and_everything_comes_to_rest(site: Site) -> None:
    if not site.embedded:
        pytest.skip("only the embedded cluster is the tests' to break")

    report = Scene(site, SEED, MINUTES).play()

    assert report.broken == [], "\n".join(report.journal)
    assert sum(report.happened.values()) > 20
    assert all(seen["answered"] > 0 for seen in report.requests.values())
