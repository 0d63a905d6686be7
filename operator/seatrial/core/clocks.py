"""Clocks that were set back: what status says began in the future began now, or nothing would ever be judged."""

from dataclasses import replace
from datetime import datetime, timedelta

from seatrial.api.status import Probation, Status, Trial

# Two operators' clocks may differ by seconds; that heals by waiting.
APART = timedelta(seconds=30)


def not_ahead(status: Status, now: datetime) -> Status:
    """Return the status in which nothing began later than now."""
    trial, probation = status.trial, status.probation
    if trial is not None and max(trial.began, trial.stage_since, trial.step_since or trial.began) > now + APART:
        status = replace(status, trial=_trial(trial, now))
    if probation is not None and probation.since > now + APART:
        status = replace(status, probation=_probation(probation, now))
    return status


def _trial(trial: Trial, now: datetime) -> Trial:
    """The stage begins anew: what was counted in it is not between its beginning and now."""
    step_since = None if trial.step_since is None else min(trial.step_since, now)
    stopped = None if trial.stopped is None else min(trial.stopped, now)
    began, stage_since = min(trial.began, now), min(trial.stage_since, now)
    return replace(trial, began=began, stage_since=stage_since, step_since=step_since, stopped=stopped)


def _probation(probation: Probation, now: datetime) -> Probation:
    return replace(probation, since=now, reference_since=min(probation.reference_since, now))
