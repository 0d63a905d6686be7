"""When everything has come to rest, and whether the audit says what the history says."""

from datetime import UTC, datetime
from typing import Any

import pytest

from seatrial.api.status import Ended
from seatrial.contract.records import Audit
from tests.chaos.rest import by_outcome, unrecorded, unrest
from tests.unit.chaos.looks import MOMENT, deployment, look, rejected, trial

AT = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
ENDED = Ended("good-2", "new", "Promoted", AT, AT, "passed every stage", "sha256:0")
RECORD = Audit(AT.isoformat(), "seatrial", "promoted", "good-2", "sha256:0", "passed every stage")


def test_it_is_at_rest_where_the_wanted_version_serves() -> None:
    assert unrest(look(), "good-1") == ""


@pytest.mark.parametrize(
    ("message", "rests"),
    [
        ("errors: Fail · candidate 9/50", True),
        ("Error: refused: file model.skops of risk: expected …", True),
        ("aborted by the annotation seatrial.dev/abort", True),
        ("waits for longer than spec.rollout.progressDeadline", False),
    ],
)
def test_it_is_at_rest_where_the_wanted_version_was_rejected_for_a_reason(message: str, rests: bool) -> None:
    assert (unrest(look(rejected=[rejected("bad-1", message)]), "bad-1") == "") is rests


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"generation": 2}, "not seen"),
        ({"trial": trial("Canary", held="waits for pods")}, "waits for pods"),
        ({"trial": trial("Canary")}, "no word why"),
        ({"retiring": [{"revision": "gone", "since": MOMENT}]}, "has not gone"),
        ({"conditions": []}, "not ready"),
        ({"deployments": {"old": deployment(2, ready=1)}}, "1 of 2"),
        ({"deployments": {"old": deployment(2), "gone": deployment(1)}}, "gone"),
    ],
)
def test_what_is_restless_says_what_it_waits_for(changes: dict[str, Any], says: str) -> None:
    assert says in unrest(look(**changes), "good-1")


def test_a_version_that_neither_serves_nor_was_rejected_is_missed() -> None:
    assert "good-2 is wanted" in unrest(look(), "good-2")


def test_every_ending_is_recorded_once() -> None:
    assert unrecorded([ENDED], [RECORD]) == []
    assert "0 records" in unrecorded([ENDED], [])[0]
    assert "2 records" in unrecorded([ENDED], [RECORD, RECORD])[0]


def test_a_record_of_the_operators_is_of_an_ending_and_other_peoples_are_their_own() -> None:
    assert "no ending" in unrecorded([], [RECORD])[0]
    assert unrecorded([], [Audit(AT.isoformat(), "alice", "pushed", "good-2", "sha256:0")]) == []


def test_endings_are_counted_by_quality_and_outcome() -> None:
    assert by_outcome([ENDED, ENDED], {"good-2": "forest"}) == {"forest Promoted": 2}
