"""How a status changes: what is remembered, and for how long."""

from dataclasses import replace
from datetime import timedelta

from seatrial.api.status import (
    MAXIMUM_HISTORY,
    MAXIMUM_REJECTED,
    NONE_LEFT_OUT,
    Finding,
    Retiring,
    RevisionRef,
    Stage,
    Status,
    Trial,
)
from seatrial.core import moves
from seatrial.core.moves import Outcome
from tests.given import MINUTE, NOW, ref

SECOND = timedelta(seconds=1)


def trial(version: str) -> Trial:
    return Trial(ref(version), Stage.CANARY, began=NOW - MINUTE, stage_since=NOW - MINUTE)


def test_only_the_last_ten_trials_and_rejections_are_remembered() -> None:
    status = Status(stable=ref("1"))
    for number in range(2, 20):
        candidate = RevisionRef(f"revision {number}", str(number), "sha256:")
        status = moves.reject(status, replace(trial("2"), candidate=candidate), "too bad", NOW)
    assert [one.version for one in status.rejected] == [str(n) for n in range(20 - MAXIMUM_REJECTED, 20)]
    assert [one.version for one in status.history] == [str(n) for n in range(20 - MAXIMUM_HISTORY, 20)]


def test_a_retired_revision_is_kept_for_half_a_minute_until_connections_have_moved_on() -> None:
    status = moves.retire(Status(stable=ref("1")), ref("2"), NOW)
    assert moves.forget_retired(status, (), NOW + 29 * SECOND) == status
    assert moves.forget_retired(status, (), NOW + 30 * SECOND).retiring == ()


def test_a_retired_revision_that_the_route_still_has_is_kept_for_another_half_minute() -> None:
    status = moves.retire(Status(stable=ref("1")), ref("2"), NOW)
    routed, later = {ref("2").revision}, NOW + 30 * SECOND
    assert moves.forget_retired(status, routed, NOW + 14 * SECOND) == status
    again = moves.forget_retired(status, routed, later)
    assert again.retiring == (Retiring(ref("2").revision, NOW, routed=later),)
    assert moves.forget_retired(again, (), later + 29 * SECOND) == again
    last = moves.forget_retired(again, routed, later + 20 * SECOND)
    assert last.retiring == (Retiring(ref("2").revision, NOW, routed=later + 20 * SECOND),)
    assert moves.forget_retired(last, (), later + 40 * SECOND) == last
    assert moves.forget_retired(again, (), later + 30 * SECOND).retiring == ()


def test_a_clock_that_goes_back_keeps_what_retired() -> None:
    status = moves.retire(Status(stable=ref("1")), ref("2"), NOW)
    assert moves.forget_retired(status, (), NOW - timedelta(days=1)) == status


def test_a_revision_retires_once_from_the_last_time_on() -> None:
    status = moves.retire(moves.retire(Status(stable=ref("1")), ref("2"), NOW), ref("2"), NOW + MINUTE)
    assert [(one.revision, one.since) for one in status.retiring] == [(ref("2").revision, NOW + MINUTE)]


def test_what_is_kept_up_again_does_not_retire() -> None:
    status = moves.retire(moves.retire(Status(stable=ref("1")), ref("2"), NOW), ref("3"), NOW)
    left = moves.unretire(status, [ref("1"), ref("3")]).retiring
    assert [one.revision for one in left] == [ref("2").revision]


def test_a_promotion_remembers_when_the_canary_was() -> None:
    status = moves.promote(Status(stable=ref("1")), trial("2"), 30 * MINUTE, NONE_LEFT_OUT, "passed", NOW)
    assert status.probation is not None
    assert status.probation.previous == ref("1")
    assert (status.probation.reference_since, status.probation.since) == (NOW - MINUTE, NOW)
    assert status.retiring == ()


def test_a_first_promotion_has_no_probation() -> None:
    status = moves.promote(Status(), trial("1"), 30 * MINUTE, NONE_LEFT_OUT, "the first", NOW)
    assert (status.stable, status.probation, status.retiring) == (ref("1"), None, ())


def test_a_new_stage_begins_without_the_old_ones_findings_and_words() -> None:
    held = replace(trial("2"), step=3, step_since=NOW, held="waits", held_reason="Paused")
    old = Status(stable=ref("1"), trial=held, findings=(Finding("errors", "Pass", "of the old stage"),))
    entered = Trial(ref("2"), Stage.SHADOW, began=NOW - MINUTE, stage_since=NOW)
    assert moves.enter(old, held, Stage.SHADOW, NONE_LEFT_OUT, NOW) == Status(stable=ref("1"), trial=entered)


def test_a_new_step_keeps_the_stage_but_no_words() -> None:
    held = replace(trial("2"), step=1, step_since=NOW, held="waits", held_reason="Paused")
    assert moves.step_up(Status(), held, 4).trial == replace(trial("2"), step=2)


def test_after_the_last_step_it_takes_over() -> None:
    last = replace(trial("2"), step=3, step_since=NOW)
    assert moves.step_up(Status(), last, 4).trial == replace(trial("2"), step=4, taking_over=True)


def test_nothing_to_finish_or_revert() -> None:
    assert moves.finish(Status(stable=ref("1")), NOW) == Status(stable=ref("1"))


def test_an_end_gives_all_words_back() -> None:
    status = moves.end(Status(stable=ref("1"), trial=trial("2")), trial("2"), Outcome.ABORTED, "enough", NOW)
    ended = status.history[-1]
    assert (ended.version, ended.outcome, ended.began, ended.ended, ended.message) == (
        "2",
        "Aborted",
        NOW - MINUTE,
        NOW,
        "enough",
    )
