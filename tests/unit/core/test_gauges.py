"""What the operator says in its own metrics."""

from dataclasses import replace
from typing import Any

import pytest

from seatrial.api.spec import Spec
from seatrial.api.status import Stage
from seatrial.contract import metrics
from seatrial.contract.reference import CategoryBins, Distribution, NumericBins, Reference
from seatrial.contract.schema import Output, Task
from seatrial.core.gauges import gauges, rollout_gauges
from seatrial.core.observed import Observed, Target
from tests.given import MINUTE, in_probation, manifest, observed, on_trial, ref, serving, spec

WATCHED = spec(
    monitoring={
        "drift": {"threshold": "0.3", "window": "1h", "minimumRows": 500},
        "accuracy": {"minimum": "0.85", "window": "24h", "minimumLabels": 99},
    }
)
REFERENCE = Reference(
    rows=100,
    features={
        "size": Distribution(NumericBins((1.0, 5.0), 0.0, 9.0), (10, 30, 60, 0, 0)),
        "team": Distribution(CategoryBins(("a", "b")), (70, 29, 1, 0)),
    },
)


def values(world: Observed) -> dict[tuple[str, ...], float]:
    assert isinstance(world.spec, Spec)
    return {(one.name, *one.labels.values()): one.value for one in gauges(world, world.spec, world.status)}


def test_before_something_serves_there_is_nothing() -> None:
    assert values(observed()) == {}


def test_what_serves_and_what_is_on_trial() -> None:
    one, two = ref("1").revision, ref("2").revision
    assert values(on_trial(Stage.CANARY, step=2)) == {
        (metrics.STABLE, one, "1"): 1,
        (metrics.CANDIDATE_WEIGHT, two, "2"): 25,
    }
    assert values(in_probation(since=MINUTE)) == {(metrics.STABLE, two, "2"): 1}


def test_limits_are_there_only_where_they_are_watched() -> None:
    found = values(serving("1", of=WATCHED))
    assert {key: value for key, value in found.items() if key[0] != metrics.STABLE} == {
        (metrics.DRIFT_THRESHOLD, "1h"): 0.3,
        (metrics.DRIFT_MINIMUM_ROWS, "1h"): 500,
        (metrics.ACCURACY_MINIMUM, "24h"): 0.85,
        (metrics.ACCURACY_MINIMUM_LABELS, "24h"): 99,
    }


def shares(world: Observed) -> dict[tuple[str, ...], float]:
    return {key[1:]: value for key, value in values(world).items() if key[0] == metrics.REFERENCE_SHARE}


def test_of_a_regression_no_right_answers_are_counted() -> None:
    found = manifest("1")
    found = replace(found, output=Output("y", Task.REGRESSION))
    names = {name for name, *_ in values(serving("1", of=WATCHED, target=Target("1", found.digest, found)))}
    assert metrics.DRIFT_THRESHOLD in names
    assert not names & {metrics.ACCURACY_MINIMUM, metrics.ACCURACY_MINIMUM_LABELS}


def test_shares_of_the_reference_are_smoothed_and_add_up_to_one_for_each_feature() -> None:
    world = serving("1", of=WATCHED, reference=REFERENCE)
    revision, found = ref("1", WATCHED).revision, shares(world)
    assert values(world)[metrics.REFERENCE_ROWS, revision] == 100
    for feature, distribution in REFERENCE.features.items():
        mine = {key[2]: value for key, value in found.items() if key[:2] == (revision, feature)}
        assert list(mine) == list(distribution.bins.names)
        assert sum(mine.values()) == pytest.approx(1)
        assert min(mine.values()) == pytest.approx(0.5 / (100 + 0.5 * len(mine)))


@pytest.mark.parametrize(
    "world",
    [
        serving("1", reference=REFERENCE),
        serving("1", of=WATCHED),
        observed(of=WATCHED, reference=REFERENCE),
    ],
    ids=["not watched", "published without", "nothing serves"],
)
def test_no_reference(world: Observed) -> None:
    assert shares(world) == {}


def test_the_old_versions_reference_is_never_the_new_ones() -> None:
    """It was read for what was stable before; what is promoted in this pass has its own in the next."""
    world: Any = serving("1", of=WATCHED, reference=REFERENCE)
    promoted = replace(world.status, stable=ref("2", WATCHED))
    names = {one.name for one in gauges(world, WATCHED, promoted)}
    assert metrics.STABLE in names
    assert metrics.REFERENCE_SHARE not in names


def test_without_a_valid_spec_it_is_still_said_what_serves() -> None:
    assert [one.name for one in rollout_gauges(serving("1").status)] == [metrics.STABLE]
