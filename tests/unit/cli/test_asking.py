"""`seatrial promote`, `abort` and `retry`: which annotation is written, over what, and when none is."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from seatrial.api.requests import ABORT, PROMOTE, RETRY
from seatrial.api.status import Stage, Status
from tests.unit.cli.conftest import Terminal
from tests.unit.cli.worlds import (
    CANDIDATE,
    FOUR_STEPS,
    NEXT,
    SERVING,
    STABLE,
    awaiting,
    document,
    in_probation,
    on_trial,
    rejected,
    rolled_back,
)

V3 = f"version 3 (revision {CANDIDATE.revision})"
TOKEN = "20260102T030405Z"


@pytest.fixture
def asked(seatrial: Terminal) -> Callable[..., int]:
    """Put a world there and run a command line in it."""

    def run(status: Status, *arguments: str, **changes: Any) -> int:
        seatrial.cluster.put(document(status, **changes))
        return seatrial(*arguments, store=None)

    return run


Asked = Callable[..., int]


def refused(seatrial: Terminal, before: Mapping[str, str] = {}) -> str:
    """Check that nothing was written, and return the one line that says why."""
    assert seatrial.cluster.annotations() == before
    assert (seatrial.out, seatrial.err.count("\n")) == ("", 1)
    return seatrial.err


# promote


def test_an_approval_is_for_the_step_that_waits(seatrial: Terminal, asked: Asked) -> None:
    assert asked(awaiting(step=3), "promote", "risk") == 0
    assert seatrial.cluster.annotations() == {PROMOTE: f"{CANDIDATE.revision}/50"}
    assert seatrial.out.splitlines() == [
        f"{V3} is approved: it may go on from its step of 50 %",
        "what becomes of it: seatrial watch risk -n ml",
    ]


def test_the_weight_may_be_one_of_the_defaults_of_the_api_server(seatrial: Terminal, asked: Asked) -> None:
    asked(awaiting(step=1), "promote", "risk", rollout={})
    assert seatrial.cluster.annotations() == {PROMOTE: f"{CANDIDATE.revision}/5"}


def test_a_full_promotion_waits_for_nothing(seatrial: Terminal, asked: Asked) -> None:
    assert asked(on_trial(Stage.SHADOW, held="shadow passes so far; 7m left"), "promote", "risk", "--full") == 0
    assert seatrial.cluster.annotations() == {PROMOTE: CANDIDATE.revision}
    assert f"{V3} is promoted: it takes over without waiting" in seatrial.out


def test_a_full_promotion_is_more_than_the_approval_that_is_waited_for(seatrial: Terminal, asked: Asked) -> None:
    asked(awaiting(), "promote", "risk", "--full")
    assert seatrial.cluster.annotations() == {PROMOTE: CANDIDATE.revision}


def test_a_pause_that_still_holds_is_told(seatrial: Terminal, asked: Asked) -> None:
    asked(on_trial(), "promote", "risk", "--full", rollout={"paused": True})
    assert "it takes over without waiting once spec.rollout.paused is false" in seatrial.out


def test_other_annotations_stay(seatrial: Terminal, asked: Asked) -> None:
    asked(awaiting(), "promote", "risk", annotations={"team": "risk", ABORT: NEXT.revision})
    assert seatrial.cluster.annotations() == {
        "team": "risk",
        ABORT: NEXT.revision,
        PROMOTE: f"{CANDIDATE.revision}/50",
    }


@pytest.mark.parametrize("there", ["/50", ""])
def test_what_was_approved_already_is_not_taken_back(seatrial: Terminal, asked: Asked, there: str) -> None:
    """An approval of this weight, or the whole promotion, is never replaced by one for a lower step."""
    before = {PROMOTE: CANDIDATE.revision + there}
    assert asked(awaiting(step=2), "promote", "risk", annotations=before) == 0
    assert seatrial.cluster.annotations() == before
    assert seatrial.out.startswith(f"asked for already: {V3} is approved")


@pytest.mark.parametrize("there", [f"{CANDIDATE.revision}/5", f"{STABLE.revision}/50", NEXT.revision, "nonsense"])
def test_an_approval_of_something_else_is_replaced(seatrial: Terminal, asked: Asked, there: str) -> None:
    asked(awaiting(step=2), "promote", "risk", annotations={PROMOTE: there})
    assert seatrial.cluster.annotations() == {PROMOTE: f"{CANDIDATE.revision}/25"}


def test_where_no_approval_is_waited_for_one_is_told_what_is(seatrial: Terminal, asked: Asked) -> None:
    assert asked(on_trial(held="step 1 passes so far; 7m left"), "promote", "risk") == 2
    assert refused(seatrial) == (
        f"seatrial: {V3} waits for no approval (step 1 passes so far; 7m left); --full goes on without waiting\n"
    )


def test_who_is_paused_is_told_that_nothing_goes_on_before(seatrial: Terminal, asked: Asked) -> None:
    paused = on_trial(held="paused by spec.rollout.paused", reason="Paused")
    assert asked(paused, "promote", "risk", rollout={"paused": True}) == 2
    assert "(paused by spec.rollout.paused); set it to false first" in refused(seatrial)


def test_without_a_trial_there_is_nothing_to_promote(seatrial: Terminal, asked: Asked) -> None:
    assert asked(SERVING, "promote", "risk", "--full") == 2
    assert refused(seatrial) == f"seatrial: nothing is on trial: version 2 (revision {STABLE.revision}) serves\n"


def test_a_revision_that_is_no_longer_on_trial_is_not_promoted(seatrial: Terminal, asked: Asked) -> None:
    assert asked(awaiting(), "promote", "risk", "--revision", STABLE.revision) == 2
    assert refused(seatrial) == f"seatrial: revision {STABLE.revision} is not on trial, but {V3}\n"
    assert asked(awaiting(), "promote", "risk", "--revision", CANDIDATE.revision) == 0


def test_what_is_aborted_is_not_promoted(seatrial: Terminal, asked: Asked) -> None:
    before = {ABORT: CANDIDATE.revision}
    assert asked(awaiting(), "promote", "risk", annotations=before) == 2
    assert "is aborted; allow it again first: seatrial retry risk -n ml" in refused(seatrial, before)


@pytest.mark.parametrize("step", [1, 3])
def test_a_step_that_the_spec_no_longer_has_cannot_be_approved(seatrial: Terminal, asked: Asked, step: int) -> None:
    assert asked(awaiting(step), "promote", "risk", rollout={"canary": {"steps": [{"weight": 5}]}}) == 2
    assert "waits for no approval" in refused(seatrial)


def test_a_canary_that_is_left_out_has_no_step_to_approve(seatrial: Terminal, asked: Asked) -> None:
    assert asked(awaiting(), "promote", "risk", rollout={"canary": {"enabled": False, "steps": FOUR_STEPS}}) == 2
    assert "waits for no approval" in refused(seatrial)


# abort


def test_an_abort_names_what_is_on_trial(seatrial: Terminal, asked: Asked) -> None:
    assert asked(on_trial(), "abort", "risk") == 0
    assert seatrial.cluster.annotations() == {ABORT: CANDIDATE.revision}
    assert f"{V3} is to be aborted: version 2 (revision {STABLE.revision}) gets all traffic\n" in seatrial.out


def test_in_its_probation_the_promoted_version_is_aborted(seatrial: Terminal, asked: Asked) -> None:
    assert asked(in_probation(), "abort", "risk") == 0
    assert seatrial.cluster.annotations() == {ABORT: CANDIDATE.revision}
    assert f"{V3} is to be aborted: version 2 (revision {STABLE.revision}) takes over again\n" in seatrial.out


def test_an_abort_of_another_revision_than_is_on_trial_is_refused(seatrial: Terminal, asked: Asked) -> None:
    assert asked(on_trial(), "abort", "risk", "--revision", STABLE.revision) == 2
    assert f"revision {STABLE.revision} is not on trial, but {V3}" in seatrial.out + seatrial.err
    assert asked(on_trial(), "abort", "risk", "--revision", CANDIDATE.revision) == 0


def test_without_a_version_that_serves_nothing_does(seatrial: Terminal, asked: Asked) -> None:
    asked(replace(on_trial(Stage.PREPARING), stable=None), "abort", "risk")
    assert f"{V3} is to be aborted: no version serves\n" in seatrial.out


def test_an_approval_takes_the_retry_before_it_away(seatrial: Terminal, asked: Asked) -> None:
    """Beside it, no later retry would be followed."""
    asked(awaiting(), "promote", "risk", annotations={RETRY: f"{CANDIDATE.revision}/1"})
    assert seatrial.cluster.annotations() == {PROMOTE: f"{CANDIDATE.revision}/50"}


@pytest.mark.parametrize("before", [{PROMOTE: f"{CANDIDATE.revision}/50"}, {RETRY: f"{CANDIDATE.revision}/1"}])
def test_an_abort_takes_what_was_asked_of_the_revision_before_away(
    seatrial: Terminal, asked: Asked, before: dict[str, str]
) -> None:
    """Else it would be promoted without waiting, once it is tried again."""
    asked(on_trial(), "abort", "risk", annotations=before)
    assert seatrial.cluster.annotations() == {ABORT: CANDIDATE.revision}


def test_an_abort_says_which_older_one_it_forgets(seatrial: Terminal, asked: Asked) -> None:
    asked(on_trial(), "abort", "risk", annotations={ABORT: NEXT.revision, PROMOTE: NEXT.revision})
    assert seatrial.cluster.annotations() == {ABORT: CANDIDATE.revision, PROMOTE: NEXT.revision}
    assert f"; revision {NEXT.revision}, which was aborted before, may be tried again\n" in seatrial.out


def test_an_abort_forgets_none_that_was_acted_on(seatrial: Terminal, asked: Asked) -> None:
    asked(on_trial(rejected=(rejected(NEXT),)), "abort", "risk", annotations={ABORT: NEXT.revision})
    assert "may be tried again" not in seatrial.out


def test_an_abort_points_at_the_status_because_nothing_is_left_to_watch(seatrial: Terminal, asked: Asked) -> None:
    asked(on_trial(), "abort", "risk")
    assert seatrial.out.endswith("what becomes of it: seatrial status risk -n ml\n")


def test_an_abort_is_asked_for_once(seatrial: Terminal, asked: Asked) -> None:
    assert asked(on_trial(), "abort", "risk", annotations={ABORT: CANDIDATE.revision}) == 0
    assert seatrial.out.startswith("asked for already: ")


def test_without_a_trial_there_is_nothing_to_abort(seatrial: Terminal, asked: Asked) -> None:
    assert asked(rolled_back(), "abort", "risk") == 2
    assert "nothing is on trial: version 2" in refused(seatrial)


# retry


def test_a_retry_is_of_what_was_rejected_last(seatrial: Terminal, asked: Asked) -> None:
    status = replace(SERVING, rejected=(rejected(minutes=5), rejected(NEXT, minutes=3)))
    assert asked(status, "retry", "risk") == 0
    assert seatrial.cluster.annotations() == {RETRY: f"{NEXT.revision}/{TOKEN}"}
    assert f"version 4 (revision {NEXT.revision}) is tried again\n" in seatrial.out


def test_a_revision_may_be_named(seatrial: Terminal, asked: Asked) -> None:
    status = replace(SERVING, rejected=(rejected(minutes=5), rejected(NEXT, minutes=3)))
    asked(status, "retry", "risk", "--revision", CANDIDATE.revision)
    assert seatrial.cluster.annotations() == {RETRY: f"{CANDIDATE.revision}/{TOKEN}"}


def test_each_retry_is_a_new_one(seatrial: Terminal, asked: Asked) -> None:
    asked(rolled_back(), "retry", "risk")
    first = seatrial.cluster.annotations()
    seatrial.clock.advance(1)
    asked(rolled_back(), "retry", "risk", annotations=first)
    assert seatrial.cluster.annotations() != first


def test_a_retry_takes_away_what_was_asked_of_the_revision_before(seatrial: Terminal, asked: Asked) -> None:
    """Beside either it would not be followed: nobody could know what came last."""
    before = {ABORT: CANDIDATE.revision, PROMOTE: f"{CANDIDATE.revision}/50"}
    asked(rolled_back(), "retry", "risk", annotations=before)
    assert seatrial.cluster.annotations() == {RETRY: f"{CANDIDATE.revision}/{TOKEN}"}


def test_a_retry_leaves_what_was_said_of_another_revision(seatrial: Terminal, asked: Asked) -> None:
    before = {ABORT: NEXT.revision, PROMOTE: STABLE.revision}
    asked(rolled_back(), "retry", "risk", "--revision", CANDIDATE.revision, annotations=before)
    assert seatrial.cluster.annotations() == {**before, RETRY: f"{CANDIDATE.revision}/{TOKEN}"}


def test_an_abort_that_the_operator_acted_on_is_a_rejection_as_any_other(seatrial: Terminal, asked: Asked) -> None:
    status = replace(SERVING, rejected=(rejected(NEXT, minutes=5), rejected(minutes=3)))
    asked(status, "retry", "risk", annotations={ABORT: NEXT.revision})
    assert seatrial.cluster.annotations() == {ABORT: NEXT.revision, RETRY: f"{CANDIDATE.revision}/{TOKEN}"}


def test_what_was_aborted_beforehand_is_the_last_refusal(seatrial: Terminal, asked: Asked) -> None:
    asked(rolled_back(), "retry", "risk", annotations={ABORT: NEXT.revision})
    assert seatrial.cluster.annotations() == {RETRY: f"{NEXT.revision}/{TOKEN}"}


def test_an_abort_that_was_not_acted_on_yet_is_only_taken_back(seatrial: Terminal, asked: Asked) -> None:
    """A retry would be acted on later, should the version be rejected."""
    asked(on_trial(), "retry", "risk", annotations={ABORT: CANDIDATE.revision})
    assert seatrial.cluster.annotations() == {}
    assert seatrial.out.startswith(f"{V3} is aborted no longer\n")


def test_an_aborted_revision_may_be_of_a_version_that_nobody_remembers(seatrial: Terminal, asked: Asked) -> None:
    asked(SERVING, "retry", "risk", annotations={ABORT: NEXT.revision}, model={"version": "2"})
    assert seatrial.cluster.annotations() == {RETRY: f"{NEXT.revision}/{TOKEN}"}
    assert seatrial.out.startswith(f"revision {NEXT.revision} is tried again\n")


def test_where_nothing_was_refused_nothing_is_tried_again(seatrial: Terminal, asked: Asked) -> None:
    assert asked(SERVING, "retry", "risk") == 2
    assert refused(seatrial) == "seatrial: no revision of risk was rejected or aborted\n"


def test_a_revision_that_was_not_refused_is_told_with_those_that_were(seatrial: Terminal, asked: Asked) -> None:
    assert asked(rolled_back(), "retry", "risk", "--revision", "d5d5") == 2
    assert refused(seatrial) == f"seatrial: revision d5d5 was neither rejected nor aborted; what was: {V3}\n"


def test_what_is_on_trial_again_needs_no_retry(seatrial: Terminal, asked: Asked) -> None:
    assert asked(on_trial(rejected=(rejected(),)), "retry", "risk") == 2
    assert refused(seatrial) == f"seatrial: {V3} serves or is on trial already\n"


def test_what_the_spec_does_not_want_is_not_tried_again(seatrial: Terminal, asked: Asked) -> None:
    assert asked(rolled_back(), "retry", "risk", model={"version": "2"}) == 2
    assert f"{V3} is not wanted: spec.model.version is 2; name it there first" in refused(seatrial)
    assert asked(rolled_back(), "retry", "risk", model={"version": "3"}) == 0


# races


def changing(seatrial: Terminal, *states: Status) -> None:
    """Let the object change just before each writing."""
    left = list(states)

    def before(call: str, _: object) -> None:
        if call == "annotate" and left:
            seatrial.cluster.put(document(left.pop(0)))

    seatrial.cluster.before = before


def test_an_operator_that_writes_status_meanwhile_keeps_nobody_from_asking(seatrial: Terminal, asked: Asked) -> None:
    changing(seatrial, replace(awaiting(), replicas=1), replace(awaiting(), replicas=3))
    assert asked(awaiting(), "promote", "risk") == 0
    assert seatrial.cluster.annotations() == {PROMOTE: f"{CANDIDATE.revision}/50"}


def test_a_trial_that_was_replaced_meanwhile_is_not_approved(seatrial: Terminal, asked: Asked) -> None:
    other = awaiting()
    assert other.trial is not None
    changing(seatrial, replace(other, trial=replace(other.trial, candidate=NEXT)))
    assert asked(awaiting(), "promote", "risk") == 2
    assert refused(seatrial) == "seatrial: risk has changed meanwhile; look at it again: seatrial status risk -n ml\n"


def test_a_step_that_nobody_saw_is_not_approved(seatrial: Terminal, asked: Asked) -> None:
    changing(seatrial, awaiting(step=3))
    assert asked(awaiting(step=2), "promote", "risk") == 2
    assert "has changed meanwhile" in refused(seatrial)


def test_a_trial_that_ended_meanwhile_is_not_aborted(seatrial: Terminal, asked: Asked) -> None:
    changing(seatrial, rolled_back())
    assert asked(on_trial(), "abort", "risk") == 2
    assert "nothing is on trial" in refused(seatrial)


def test_an_object_that_never_rests_is_given_up(seatrial: Terminal, asked: Asked) -> None:
    changing(seatrial, *(replace(awaiting(), replicas=count) for count in range(3, 20)))
    assert asked(awaiting(), "promote", "risk") == 2
    assert refused(seatrial) == "seatrial: risk changed 5 times while it was written; try again\n"
