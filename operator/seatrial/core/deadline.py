"""The progress deadline of a trial: which time counts, when it is over, and what is said then."""

from dataclasses import replace
from datetime import datetime, timedelta

from seatrial.api.conditions import Reason
from seatrial.api.quantities import format_duration
from seatrial.api.spec import Spec
from seatrial.api.status import Status, Trial
from seatrial.core.blindness import blindness
from seatrial.core.guards import Objection, Situation
from seatrial.core.observed import Observed


def clocked(observed: Observed, spec: Spec, trial: Trial, now: datetime) -> Trial:
    """Return the trial with its clock stopped, or going on: time in which it could not go on does not count."""
    if spec.rollout.paused or spec.serving.replicas == 0 or blindness(observed):
        return _stopped(trial, now)
    if trial.stopped is None:
        return trial
    return replace(trial, began=trial.began + max(timedelta(0), now - trial.stopped), stopped=None)


def halted(status: Status, now: datetime) -> Status:
    """Return the status in which the clock of a trial, if there is one, is stopped: nothing can be decided."""
    return status if status.trial is None else replace(status, trial=_stopped(status.trial, now))


def is_overdue(situation: Situation, objected: Objection) -> bool:
    """Say whether the trial takes too long, for a reason that is not its own."""
    return not objected.excused and situation.now - situation.trial.began > situation.rollout.progress_deadline


def too_long(situation: Situation, objected: Objection) -> str:
    """Return what a person reads of a trial that takes too long."""
    limit = format_duration(situation.rollout.progress_deadline)
    blind = [one for one in blindness(situation.observed) if one not in objected.message]
    return f"longer on trial than spec.rollout.progressDeadline ({limit}): {'; '.join((objected.message, *blind))}"


def reason(situation: Situation) -> Reason:
    """A deadline that had spoken before an outage stays so; what is late for its sake alone is not."""
    counted = (situation.trial.stopped or situation.now) - situation.trial.began
    late = counted > situation.rollout.progress_deadline
    return Reason.DEADLINE_EXCEEDED if late else Reason.METRICS_UNAVAILABLE


def _stopped(trial: Trial, now: datetime) -> Trial:
    return replace(trial, stopped=trial.stopped or now)
