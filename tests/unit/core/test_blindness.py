"""What cannot be seen now."""

from dataclasses import replace

import pytest

from seatrial.api.status import Stage
from seatrial.core.blindness import blindness, unseen
from seatrial.core.observed import Pods
from tests.given import UNKNOWN, available, on_trial, ref, serving, unseen_pods

ONE, TWO = (f"revision {ref(version).revision}: the pods cannot be seen: no answer" for version in "12")


@pytest.mark.parametrize(
    ("mine", "theirs", "found"),
    [
        (available(2), available(2), set()),
        (unseen_pods(), available(2), {TWO}),
        (available(2), unseen_pods(), {ONE}),
        (unseen_pods(), unseen_pods(), {ONE, TWO}),
        (replace(unseen_pods(), trouble=""), available(2), {f"revision {ref('2').revision}: "}),
    ],
)
def test_pods_of_either_side_that_cannot_be_seen(mine: Pods, theirs: Pods, found: set[str]) -> None:
    world = on_trial(Stage.CANARY, pods=mine, stable_pods=theirs)
    assert set(filter(None, unseen(world).split("; "))) == found
    assert blindness(world) == tuple(filter(None, (unseen(world),)))


def test_nothing_is_unseen_of_what_is_not_there_or_not_compared() -> None:
    assert unseen(replace(on_trial(Stage.CANARY), pods={})) == ""
    assert unseen(serving("1", pods={ref("1").revision: unseen_pods()})) == ""


def test_a_prometheus_that_is_away() -> None:
    assert blindness(on_trial(Stage.CANARY, evidence=UNKNOWN)) == ("it does not answer",)
    both = on_trial(Stage.CANARY, evidence=UNKNOWN, pods=unseen_pods())
    assert blindness(both) == ("it does not answer", TWO)
    assert blindness(on_trial(Stage.CANARY)) == ()
