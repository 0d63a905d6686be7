"""What is new between two statuses: Events for people, audit records for the store."""

from datetime import datetime, timedelta

from seatrial.api.conditions import Condition, Reason, Truth, Type
from seatrial.api.status import Ended, Stage, Status
from seatrial.contract.records import Audit
from seatrial.contract.training import FAILED, PASSED, REJECTED
from seatrial.core.decision import Event
from seatrial.core.moves import Outcome
from seatrial.judge.verdict import one_line

WHO = "seatrial"
# How long an ending is looked after: longer than an operator, or a store, is away.
AUDITED_FOR = timedelta(hours=6)
_OUTCOMES = {
    Outcome.PROMOTED.value: (Reason.PROMOTED, False),
    Outcome.ROLLED_BACK.value: (Reason.ROLLED_BACK, True),
    Outcome.SUPERSEDED.value: (Reason.SUPERSEDED, False),
    Outcome.ABORTED.value: (Reason.ABORTED, False),
}
_TRAINED = {
    PASSED: (Reason.TRAINING_PASSED, False),
    REJECTED: (Reason.TRAINING_REJECTED, True),
    FAILED: (Reason.TRAINING_FAILED, True),
}
_STARTS = Reason.STARTING, "starts: the first, with nothing to compare it with"
_STAGES = {
    Stage.PREPARING: (Reason.ON_TRIAL, "goes on trial"),
    Stage.SHADOW: (Reason.SHADOWING, "sees copies of the requests; nobody gets its answers"),
    Stage.CANARY: (Reason.CANARYING, "starts to answer requests"),
}


def events(before: Status, after: Status) -> tuple[Event, ...]:
    """Return an Event for everything that a person would want to be told of."""
    ended = [_ended_event(one) for one in new_endings(before, after)]
    found = (_restored_events, _trial_events, _training_events, _stalled_events)
    return (*ended, *(event for new in found for event in new(before, after)))


def audits(status: Status, now: datetime) -> tuple[Audit, ...]:
    """Return an audit record for every trial that ended of late.

    It follows from the history alone, so that whoever reads that makes the same record: one that was not written in the
    pass in which the trial ended is written by a later one.
    """
    return tuple(
        Audit(one.ended.isoformat(), WHO, _action(one), one.version, one.digest, one.message)
        for one in status.history
        if now - one.ended <= AUDITED_FOR
    )


def new_endings(before: Status, after: Status) -> tuple[Ended, ...]:
    """Return the trials that ended between the two."""
    return tuple(one for one in after.history if one not in before.history)


def _action(ended: Ended) -> str:
    return {"Promoted": "promoted", "RolledBack": "rolled-back"}.get(ended.outcome, ended.outcome.lower())


def _ended_event(ended: Ended) -> Event:
    reason, warning = _OUTCOMES[ended.outcome]
    return Event(reason, f"version {ended.version} (revision {ended.revision}): {ended.message}", warning)


def _restored_events(before: Status, after: Status) -> list[Event]:
    """Tell of what serves without having ended a trial: it did before its status was lost, or written over."""
    stable, earlier = after.stable, before.stable
    if stable is None or (earlier is not None and earlier.version == stable.version):
        return []
    came = {(stable.revision, Outcome.PROMOTED)}
    went = {(earlier.revision, outcome) for outcome in (Outcome.ROLLED_BACK, Outcome.ABORTED)} if earlier else set()
    if (came | went) & {(one.revision, Outcome(one.outcome)) for one in new_endings(before, after)}:
        return []
    message = f"version {stable.version} (revision {stable.revision}) is stable: it is what served before"
    return [Event(Reason.RESTORED, message)]


def _trial_events(before: Status, after: Status) -> list[Event]:
    trial, earlier = after.trial, before.trial
    if trial is None:
        return []
    found = []
    same = earlier is not None and earlier.candidate == trial.candidate
    if earlier is None or not same or earlier.stage is not trial.stage:
        reason, words = _STAGES[trial.stage] if after.stable is not None else _STARTS
        found.append(Event(reason, f"version {trial.candidate.version} {words}"))
    elif trial.step > earlier.step and not trial.held:
        shown = "; ".join(one_line(one.check, one.verdict, one.message) for one in after.findings)
        message = f"version {trial.candidate.version} passed step {trial.step}" + (f": {shown}" if shown else "")
        found.append(Event(Reason.STEP_PASSED, message))
    if trial.held_reason and (earlier is None or not same or earlier.held_reason != trial.held_reason):
        found.append(Event(Reason(trial.held_reason), f"version {trial.candidate.version}: {trial.held}", warning=True))
    return found


def _stalled_events(before: Status, after: Status) -> list[Event]:
    """Tell when a person is needed. What a trial waits for a person for is told with the trial."""
    was, stalled = _stalled(before), _stalled(after)
    told = after.trial is not None and after.trial.held_reason != ""
    if stalled is None or told or (was is not None and was.reason is stalled.reason):
        return []
    return [Event(stalled.reason, stalled.message, warning=True)]


def _stalled(status: Status) -> Condition | None:
    return next((c for c in status.conditions if c.type is Type.STALLED and c.status is Truth.TRUE), None)


def _training_events(before: Status, after: Status) -> list[Event]:
    training = after.training
    if training is None:
        return []
    earlier = before.training
    if earlier is None or earlier.job != training.job:
        return [Event(Reason.TRAINING_STARTED, f"{training.trigger}: {training.detail}; Job {training.job}")]
    if training.outcome and not earlier.outcome:
        reason, warning = _TRAINED[training.outcome]
        version = f"version {training.version}: " if training.version else ""
        return [Event(reason, version + training.message, warning)]
    return []
