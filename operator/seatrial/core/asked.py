"""Doing what a person asks of a revision: to end it, or to try it again. See api.requests."""

from dataclasses import replace
from datetime import datetime

from seatrial.api import requests
from seatrial.api.status import Status
from seatrial.core import moves
from seatrial.core.moves import Outcome
from seatrial.core.observed import Observed
from seatrial.core.recipe import Recipe
from seatrial.core.stages import may_end, may_move

ABORTED = f"aborted by the annotation {requests.ABORT}"


def without_aborted(observed: Observed, status: Status, now: datetime) -> Status:
    """End the trial, or the probation, of a revision that is to be aborted, once its traffic can be taken back.

    For that neither the store nor Prometheus is needed.
    """
    trial, probation, stable = status.trial, status.probation, status.stable
    if trial is not None and is_aborted(observed, trial.candidate.revision) and may_end(observed, status, trial):
        return moves.abort(status, trial, ABORTED, now)
    if probation is None or stable is None or not is_aborted(observed, stable.revision):
        return status
    if not may_move(observed, away=stable.revision, to=probation.previous.revision):
        return status
    return moves.revert(status, probation, Outcome.ABORTED, ABORTED, now, refused=True)


def is_aborted(observed: Observed, revision: str) -> bool:
    """Say whether a person asks for a revision not to be tried."""
    return requests.aborts(observed.annotations, revision)


def forgiven(observed: Observed, status: Status, wanted: Recipe) -> Status:
    """Return the status in which what was rejected may be tried again, where a person asks for it, once a request."""
    asked = requests.retry_of(observed.annotations, wanted.revision)
    return status if asked in ("", status.retried) else moves.forgive(status, wanted.revision, asked)


def spent(before: Status, after: Status, annotations: requests.Annotations) -> Status:
    """Return the status that remembers which promotion or approval counts no more: its trial has ended."""
    value = annotations.get(requests.PROMOTE, "")
    if after.promoted not in ("", value):
        after = replace(after, promoted="")
    trial, goes_on = before.trial, after.trial
    if trial is None or (goes_on is not None and goes_on.candidate == trial.candidate):
        return after
    ended = requests.spent_with(annotations, trial.candidate.revision)
    return replace(after, promoted=ended) if ended else after
