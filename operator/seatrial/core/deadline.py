"""The progress deadline of a trial: which time counts, when it is over, and what is said then."""

from dataclasses import replace
from datetime import datetime, timedelta

from seatrial.api.conditions import Reason
from seatrial.api.quantities import format_duration
from seatrial.api.status import Status, Trial
from seatrial.core.blindness import blindness
from seatrial.core.situation import Objection, Situation

# How long time that does not count may be kept as `stopped` alone: a status is not written at every look.
KNOWN_TO = timedelta(minutes=1)


def clocked(situation: Situation, objected: Objection | None) -> Situation:
    """Return the situation with the trial's clock stopped, or going on.

    What counts is the time in which the trial waits for something that should have come. Where it cannot be judged the
    clock stops too, and how long it has stood still tells how long that has lasted.
    """
    trial, now = situation.trial, situation.now
    if blindness(situation.observed):
        return replace(situation, trial=_stopped(trial, now))
    if objected is not None and objected.excused:
        kept = trial.stopped is not None and now - trial.stopped < KNOWN_TO
        return situation if kept else replace(situation, trial=_stopped(_running(trial, now), now))
    return replace(situation, trial=_running(trial, now))


def halted(status: Status, now: datetime) -> Status:
    """Return the status in which the clock of a trial, if there is one, is stopped: nothing can be decided."""
    return status if status.trial is None else replace(status, trial=_stopped(status.trial, now))


def is_overdue(situation: Situation, objected: Objection) -> bool:
    """Say whether the trial waits too long, for a reason that is not its own."""
    return not objected.excused and _waited(situation.trial, situation.now) > situation.rollout.progress_deadline


def too_long(situation: Situation, objected: Objection) -> str:
    """Return what a person reads of a trial that waits too long."""
    limit = format_duration(situation.rollout.progress_deadline)
    blind = [one for one in blindness(situation.observed) if one not in objected.message]
    return f"waits for longer than spec.rollout.progressDeadline ({limit}): {'; '.join((objected.message, *blind))}"


def reason(situation: Situation) -> Reason:
    """A deadline that had spoken before an outage stays so; what is late for its sake alone is not."""
    counted = _waited(situation.trial, situation.trial.stopped or situation.now)
    return Reason.DEADLINE_EXCEEDED if counted > situation.rollout.progress_deadline else Reason.METRICS_UNAVAILABLE


def _waited(trial: Trial, until: datetime) -> timedelta:
    return until - trial.began - timedelta(seconds=trial.uncounted)


def _stopped(trial: Trial, now: datetime) -> Trial:
    return replace(trial, stopped=trial.stopped or now)


def _running(trial: Trial, now: datetime) -> Trial:
    if trial.stopped is None:
        return trial
    still = max(timedelta(0), now - trial.stopped)
    return replace(trial, uncounted=trial.uncounted + round(still.total_seconds()), stopped=None)
