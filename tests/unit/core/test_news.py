"""What is new: each Event once, an audit record for each trial that ended."""

from dataclasses import replace
from typing import Any

import pytest

from seatrial.api.conditions import Condition, Reason, Truth, Type
from seatrial.api.status import NONE_LEFT_OUT, Ended, Stage, Status, TrainingStatus, Trial
from seatrial.api.status_document import read_status, status_document
from seatrial.contract.records import Audit
from seatrial.core import moves
from seatrial.core.moves import Outcome
from seatrial.core.news import audits, events
from tests.given import MINUTE, NOW, in_probation, ref

IDLE = Status(stable=ref("1"))


def on_trial(stage: Stage = Stage.CANARY, version: str = "2", **changes: Any) -> Status:
    trial = Trial(ref(version), stage, began=NOW - MINUTE, stage_since=NOW - MINUTE, **changes)
    return replace(IDLE, trial=trial)


def trial_of(status: Status) -> Trial:
    assert status.trial is not None
    return status.trial


def trained(outcome: str = "", version: str = "", job: str = "risk-train-1") -> Status:
    return replace(IDLE, training=TrainingStatus(job, "drift", "PSI of team", NOW, outcome, version, "so it was"))


def told(before: Status, after: Status) -> list[tuple[Reason, str, bool]]:
    return [(event.reason, event.message, event.warning) for event in events(before, after)]


TWO = f"version 2 (revision {ref('2').revision})"
PAUSED: dict[str, Any] = {"held": "paused by spec", "held_reason": Reason.PAUSED}
ONE = f"version 1 (revision {ref('1').revision})"
RESTORED = [(Reason.RESTORED, f"{ONE} is stable: it is what served before", False)]
STORY: list[tuple[Status, Status, list[tuple[Reason, str, bool]]]] = [
    (Status(), IDLE, RESTORED),
    (replace(IDLE, stable=ref("2")), IDLE, RESTORED),
    (replace(IDLE, stable=replace(ref("1"), revision="0123456789")), IDLE, []),
    (
        Status(),
        replace(on_trial(Stage.PREPARING, "1"), stable=None),
        [(Reason.STARTING, "version 1 starts: the first, with nothing to compare it with", False)],
    ),
    (on_trial(step=1), on_trial(step=4, held="waits for longer than spec.rollout.progressDeadline"), []),
    (IDLE, on_trial(Stage.PREPARING), [(Reason.ON_TRIAL, "version 2 goes on trial", False)]),
    (
        on_trial(Stage.PREPARING),
        on_trial(Stage.SHADOW),
        [(Reason.SHADOWING, "version 2 sees copies of the requests; nobody gets its answers", False)],
    ),
    (on_trial(Stage.SHADOW), on_trial(), [(Reason.CANARYING, "version 2 starts to answer requests", False)]),
    (on_trial(), on_trial(step=1), [(Reason.STEP_PASSED, "version 2 passed step 1", False)]),
    (on_trial(), on_trial(step_since=NOW), []),
    (on_trial(), on_trial(held="waits for 2 pods"), []),
    (on_trial(), on_trial(**PAUSED), [(Reason.PAUSED, "version 2: paused by spec", True)]),
    (on_trial(**PAUSED), on_trial(**{**PAUSED, "held": "still paused by spec"}), []),
    (on_trial(**PAUSED), on_trial(), []),
    (
        on_trial(**PAUSED),
        on_trial(held="6h are over", held_reason=Reason.DEADLINE_EXCEEDED),
        [(Reason.DEADLINE_EXCEEDED, "version 2: 6h are over", True)],
    ),
    (
        on_trial(step=4),
        moves.promote(
            on_trial(step=4), trial_of(on_trial(step=4)), 30 * MINUTE, NONE_LEFT_OUT, "passed every stage", NOW
        ),
        [(Reason.PROMOTED, f"{TWO}: passed every stage", False)],
    ),
    (
        on_trial(),
        moves.reject(on_trial(), trial_of(on_trial()), "errors: Fail", NOW),
        [(Reason.ROLLED_BACK, f"{TWO}: errors: Fail", True)],
    ),
    (
        on_trial(),
        moves.end(on_trial(), trial_of(on_trial()), Outcome.ABORTED, "went back", NOW),
        [(Reason.ABORTED, f"{TWO}: went back", False)],
    ),
    (
        on_trial(),
        moves.start(moves.end(on_trial(), trial_of(on_trial()), Outcome.SUPERSEDED, "by 3", NOW), ref("3"), NOW),
        [
            (Reason.SUPERSEDED, f"{TWO}: by 3", False),
            (Reason.ON_TRIAL, "version 3 goes on trial", False),
        ],
    ),
    (IDLE, trained(), [(Reason.TRAINING_STARTED, "drift: PSI of team; Job risk-train-1", False)]),
    (trained(), trained("Passed", "8"), [(Reason.TRAINING_PASSED, "version 8: so it was", False)]),
    (trained(), trained("Rejected", "8"), [(Reason.TRAINING_REJECTED, "version 8: so it was", True)]),
    (trained(), trained("Failed"), [(Reason.TRAINING_FAILED, "so it was", True)]),
    (
        trained("Passed", "8"),
        trained(job="risk-train-2"),
        [(Reason.TRAINING_STARTED, "drift: PSI of team; Job risk-train-2", False)],
    ),
]


@pytest.mark.parametrize(("before", "after", "news"), STORY)
def test_what_people_are_told(before: Status, after: Status, news: list[tuple[Reason, str, bool]]) -> None:
    assert told(before, after) == news


def test_nothing_is_told_twice() -> None:
    for before, after, _ in STORY:
        assert told(before, before) == []
        assert told(after, after) == []


def test_the_same_version_on_trial_again_is_new() -> None:
    again = on_trial(Stage.PREPARING, version="3")
    assert told(on_trial(Stage.PREPARING), again) == [(Reason.ON_TRIAL, "version 3 goes on trial", False)]


def test_an_ending_is_new_though_ten_are_remembered() -> None:
    def ten(first: int) -> tuple[Ended, ...]:
        numbers = range(first, first + 10)
        return tuple(Ended(str(n), f"revision {n}", "Promoted", NOW, NOW, "passed") for n in numbers)

    before, after = replace(IDLE, history=ten(1)), replace(IDLE, history=ten(2))
    assert [event.message for event in events(before, after)] == ["version 11 (revision revision 11): passed"]


# Audit records


@pytest.mark.parametrize(
    ("outcome", "action"),
    [
        (Outcome.PROMOTED, "promoted"),
        (Outcome.ROLLED_BACK, "rolled-back"),
        (Outcome.SUPERSEDED, "superseded"),
        (Outcome.ABORTED, "aborted"),
    ],
)
def test_an_audit_record_says_what_became_of_a_version(outcome: Outcome, action: str) -> None:
    after = moves.end(on_trial(), trial_of(on_trial()), outcome, "so it was", NOW)
    expected = Audit(NOW.isoformat(), "seatrial", action, "2", ref("2").digest, "so it was")
    assert audits(after, NOW) == (expected,)
    assert audits(after, NOW + 60 * MINUTE) == (expected,), "whoever reads the history makes the same record"
    assert audits(after, NOW + 7 * 60 * MINUTE) == ()


def test_a_long_reason_is_the_same_when_it_is_read_back() -> None:
    after = moves.end(on_trial(), trial_of(on_trial()), Outcome.ROLLED_BACK, "so it was " * 1000, NOW)
    read = read_status(status_document(after, "risk"))
    assert audits(read, NOW) == audits(after, NOW) != ()


def test_a_promoted_version_that_fails_has_its_digest_too() -> None:
    before = in_probation(since=MINUTE).status
    assert before.probation is not None
    after = moves.revert(before, before.probation, Outcome.ROLLED_BACK, "errors: Fail", NOW, refused=True)
    assert [(one.action, one.digest) for one in audits(after, NOW)[-1:]] == [("rolled-back", ref("2").digest)]


def test_a_training_is_no_ending() -> None:
    assert audits(trained(), NOW) == ()


def stalled(reason: Reason, message: str = "do this", base: Status = IDLE) -> Status:
    truth = Truth.FALSE if reason is Reason.NOT_STALLED else Truth.TRUE
    return replace(base, conditions=(Condition(Type.STALLED, truth, reason, message),))


@pytest.mark.parametrize(
    ("before", "after", "news"),
    [
        (IDLE, stalled(Reason.STORE_DENIED), [(Reason.STORE_DENIED, "do this", True)]),
        (stalled(Reason.NOT_STALLED), stalled(Reason.STORE_DENIED), [(Reason.STORE_DENIED, "do this", True)]),
        (stalled(Reason.STORE_DENIED), stalled(Reason.STORE_DENIED, "in other words"), []),
        (stalled(Reason.STORE_DENIED), stalled(Reason.NOT_STALLED), []),
        (
            stalled(Reason.STORE_DENIED),
            stalled(Reason.SECRET_NOT_FOUND),
            [(Reason.SECRET_NOT_FOUND, "do this", True)],
        ),
    ],
)
def test_a_person_is_told_once_that_one_is_needed(
    before: Status, after: Status, news: list[tuple[Reason, str, bool]]
) -> None:
    assert told(before, after) == news


def test_what_a_trial_waits_for_a_person_for_is_told_once() -> None:
    assert told(on_trial(), stalled(Reason.PAUSED, base=on_trial(**PAUSED))) == [
        (Reason.PAUSED, "version 2: paused by spec", True)
    ]
