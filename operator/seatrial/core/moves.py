"""How a status changes when a trial starts, ends, is promoted or reverted: each function a sentence of the story."""

from collections.abc import Container, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from seatrial.api.status import (
    MAXIMUM_HISTORY,
    MAXIMUM_REJECTED,
    Ended,
    Probation,
    Rejected,
    RestartsLeftOut,
    Retiring,
    RevisionRef,
    Stage,
    Status,
    Trial,
)

# Connections and gateways have moved on from a revision after this; only then are its objects removed.
RETIRE_AFTER = timedelta(seconds=30)
LONGEST_MESSAGE = 1000  # characters of how a trial ended: less than status would cut, so that it is read back as it is


class Outcome(StrEnum):
    """How a trial ended."""

    PROMOTED = "Promoted"
    ROLLED_BACK = "RolledBack"
    SUPERSEDED = "Superseded"
    ABORTED = "Aborted"


def start(status: Status, candidate: RevisionRef, now: datetime, *, returning: bool = False) -> Status:
    """A candidate goes on trial, or (`returning`) back to where it served; a probation that was going on is over."""
    status = finish(status, now)
    trial = Trial(candidate, Stage.PREPARING, began=now, stage_since=now, returning=returning)
    return replace(status, trial=trial, findings=())


def restore(status: Status, served: RevisionRef, running: Iterable[str], now: datetime) -> Status:
    """What served when the status was lost is stable again; other revisions that run retire."""
    others = tuple(Retiring(revision, now) for revision in sorted(running) if revision != served.revision)
    return replace(status, stable=served, trial=None, probation=None, findings=(), retiring=others)


def enter(status: Status, trial: Trial, stage: Stage, left_out: RestartsLeftOut, now: datetime) -> Status:
    """The trial's next stage begins, in which the restarts that are left out do not count."""
    entered = replace(
        trial,
        stage=stage,
        stage_since=now,
        step=0,
        step_since=None,
        taking_over=False,
        restarts_left_out=left_out,
        held="",
        held_reason="",
    )
    return replace(status, trial=entered, findings=())


def step_up(status: Status, trial: Trial, steps: int) -> Status:
    """The canary's next step of so many begins; after the last it scales up to take over."""
    step = trial.step + 1
    up = replace(trial, step=step, step_since=None, taking_over=step >= steps, held="", held_reason="")
    return replace(status, trial=up)


def hold(status: Status, trial: Trial, message: str, reason: str = "") -> Status:
    """The trial stays where it is, and says why."""
    return replace(status, trial=replace(trial, held=message, held_reason=reason))


def end(status: Status, trial: Trial, outcome: Outcome, message: str, now: datetime) -> Status:
    """The trial is over and the candidate serves nothing any more."""
    status = _record(status, trial.candidate, outcome, message, trial.began, now)
    return retire(replace(status, trial=None, findings=()), trial.candidate, now)


def reject(status: Status, trial: Trial, message: str, now: datetime) -> Status:
    """The candidate failed: it is rolled back, and this revision is not tried again."""
    return _refuse(end(status, trial, Outcome.ROLLED_BACK, message, now), trial.candidate, message, now)


def promote(
    status: Status, trial: Trial, probation: timedelta, left_out: RestartsLeftOut, message: str, now: datetime
) -> Status:
    """The candidate becomes stable; what was stable stays warm for the probation, in which `left_out` do not count."""
    previous, trial_since = status.stable, trial.stage_since
    status = _record(status, trial.candidate, Outcome.PROMOTED, message, trial.began, now)
    status = replace(status, stable=trial.candidate, trial=None, findings=())
    if previous is None:
        return status
    if probation <= timedelta(0):
        return retire(status, previous, now)
    return replace(status, probation=Probation(previous, trial_since, now, left_out))


def finish(status: Status, now: datetime) -> Status:
    """The probation is over; the old revision goes."""
    if status.probation is None:
        return status
    return retire(replace(status, probation=None, findings=()), status.probation.previous, now)


def abort(status: Status, trial: Trial, message: str, now: datetime) -> Status:
    """A person does not want the candidate: the trial is over, and this revision is not tried again."""
    return _refuse(end(status, trial, Outcome.ABORTED, message, now), trial.candidate, message, now)


def forgive(status: Status, revision: str, request: str) -> Status:
    """A person asks for a rejected revision to be tried again."""
    others = tuple(one for one in status.rejected if one.revision != revision)
    return replace(status, rejected=others, retried=request)


def forget_request(status: Status, asked: str) -> Status:
    """A request that is no longer there may be made again."""
    return status if status.retried in ("", asked) else replace(status, retried="")


def revert(
    status: Status, probation: Probation, outcome: Outcome, message: str, now: datetime, *, refused: bool
) -> Status:
    """The promoted revision gives its place back; `refused` also keeps it from being tried again."""
    promoted = status.stable
    if promoted is None:
        return status
    status = _record(status, promoted, outcome, message, probation.since, now)
    status = replace(status, stable=probation.previous, probation=None, findings=())
    status = retire(status, promoted, now)
    return _refuse(status, promoted, message, now) if refused else status


def retire(status: Status, ref: RevisionRef, now: datetime) -> Status:
    """A revision serves nothing from now on."""
    others = tuple(r for r in status.retiring if r.revision != ref.revision)
    return replace(status, retiring=(*others, Retiring(ref.revision, now)))


def forget_retired(status: Status, routed: Container[str], now: datetime) -> Status:
    """Revisions are no longer kept when the gateway has sent them nothing for long enough.

    For how long is known to a half of it: a status is not written at every look.
    """
    seen = [_still_routed(one, now) if one.revision in routed else one for one in status.retiring]
    return replace(status, retiring=tuple(one for one in seen if now - (one.routed or one.since) < RETIRE_AFTER))


def _still_routed(retiring: Retiring, now: datetime) -> Retiring:
    fresh = now - (retiring.routed or retiring.since) < RETIRE_AFTER / 2
    return retiring if fresh else replace(retiring, routed=now)


def unretire(status: Status, kept: Iterable[RevisionRef]) -> Status:
    """What is kept up, perhaps again, does not retire."""
    revisions = {ref.revision for ref in kept}
    return replace(status, retiring=tuple(r for r in status.retiring if r.revision not in revisions))


def _record(status: Status, ref: RevisionRef, outcome: Outcome, message: str, began: datetime, now: datetime) -> Status:
    ended = Ended(ref.version, ref.revision, outcome.value, began, now, message[:LONGEST_MESSAGE], ref.digest)
    return replace(status, history=(*status.history, ended)[-MAXIMUM_HISTORY:])


def _refuse(status: Status, ref: RevisionRef, message: str, now: datetime) -> Status:
    rejected = Rejected(ref.revision, ref.version, now, message)
    return replace(status, rejected=(*status.rejected, rejected)[-MAXIMUM_REJECTED:])
