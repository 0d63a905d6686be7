"""What must hold of a model: each rule, where it holds and where it does not."""

from typing import Any

import pytest

from tests.chaos.rules import (
    Watchdog,
    bad_version_serves,
    good_version_rejected,
    spec_written,
    stable_without_pods,
    too_many_pods,
)
from tests.unit.chaos.looks import MOMENT, deployment, look, ref, rejected, trial

PROBATION = {"previous": ref("warm"), "referenceSince": MOMENT, "since": MOMENT, "restartsLeftOut": {}}


def pods(**wanted: int) -> dict[str, Any]:
    return {revision: deployment(count) for revision, count in wanted.items()}


def test_a_bad_version_may_be_on_trial_but_not_stable() -> None:
    assert not bad_version_serves(look(trial=trial("Canary", version="broken-1")))
    assert "broken-1" in bad_version_serves(look(stable=ref("old", "broken-1")))


@pytest.mark.parametrize(
    ("version", "message", "breaks"),
    [
        ("good-2", "errors: Fail", True),
        ("good-2", "aborted by the annotation seatrial.dev/abort", False),
        ("broken-1", "errors: Fail", False),
    ],
)
def test_a_good_version_is_rejected_by_people_alone(version: str, message: str, breaks: bool) -> None:
    assert bool(good_version_rejected(look(rejected=[rejected(version, message)]))) is breaks


def test_the_operator_writes_status_and_nothing_else() -> None:
    assert not spec_written(look())
    assert spec_written(look(managers=[("kubectl", "f:spec"), ("seatrial", "f:spec")]))


def test_stable_needs_a_ready_pod() -> None:
    assert not stable_without_pods(look({"old": deployment(2, ready=1)}))
    assert stable_without_pods(look({"old": deployment(2, ready=0)}))
    assert stable_without_pods(look({"new": deployment(2)}))
    assert not stable_without_pods(look({}, stable=None))


@pytest.mark.parametrize(
    ("wanted", "changes", "breaks"),
    [
        ({"old": 2}, {}, False),
        ({"old": 3}, {}, True),
        # Without a gateway a canary at 50 % has as many pods as stable, and one more may be there.
        ({"old": 2, "new": 3}, {"trial": trial("Canary"), "weight": 50}, False),
        ({"old": 2, "new": 4}, {"trial": trial("Canary"), "weight": 50}, True),
        # The shadow gets all requests.
        ({"old": 2, "new": 2}, {"trial": trial("Shadow")}, False),
        ({"old": 2, "new": 4}, {"trial": trial("Shadow")}, True),
        # One that retires counts against the candidate's room.
        ({"old": 2, "new": 2, "gone": 2}, {"trial": trial("Canary"), "weight": 50}, True),
        ({"old": 2, "gone": 2}, {"retiring": [{"revision": "gone", "since": MOMENT}]}, False),
        ({"old": 2, "gone": 2}, {}, True),
        # The one before is warm in a probation.
        ({"old": 2, "warm": 2}, {"probation": PROBATION}, False),
    ],
)
def test_pods_are_bounded(wanted: dict[str, int], changes: dict[str, Any], breaks: bool) -> None:
    assert bool(too_many_pods(look(pods(**wanted), **changes))) is breaks


def test_a_breach_is_told_once_and_only_after_its_patience() -> None:
    watchdog, without = Watchdog(), look({"old": deployment(2, ready=0)})
    assert [watchdog.look(without, now) for now in (0.0, 1.9)] == [[], []]
    assert len(watchdog.look(without, 2.0)) == 1
    assert watchdog.look(without, 3.0) == []


def test_what_is_mended_in_time_is_no_breach() -> None:
    watchdog, without = Watchdog(), look({"old": deployment(2, ready=0)})
    assert [watchdog.look(one, now) for one, now in ((without, 0.0), (look(), 1.0), (without, 2.5))] == [[], [], []]


def test_what_is_never_right_is_told_at_once() -> None:
    assert len(Watchdog().look(look(stable=ref("old", "broken-1")), 0.0)) == 1
