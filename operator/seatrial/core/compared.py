"""Who is judged, by whom, and since when: what a status says of the comparison that goes on."""

from datetime import datetime

from seatrial.api.status import NONE_LEFT_OUT, RestartsLeftOut, RevisionRef, Stage, Status


def judged_since(status: Status) -> datetime | None:
    """Return when the evidence that counts now begins: with the stage, or with the probation."""
    if status.trial is not None:
        return status.trial.stage_since if status.trial.stage in (Stage.SHADOW, Stage.CANARY) else None
    return status.probation.since if status.probation is not None else None


def judged(status: Status) -> RevisionRef | None:
    """Return what is judged: the candidate, or in probation the promoted one."""
    return status.trial.candidate if status.trial is not None else status.stable


def beside(status: Status) -> RevisionRef | None:
    """Return what it is compared with."""
    return status.probation.previous if status.trial is None and status.probation is not None else status.stable


def subject(status: Status) -> str:
    """Return the revision that is judged."""
    return _revision(judged(status))


def control(status: Status) -> str:
    """Return the revision that it is compared with."""
    return _revision(beside(status))


def left_out_before(status: Status) -> RestartsLeftOut:
    """Return the restarts that do not count, as far as status knows."""
    comparison = status.trial or status.probation
    return comparison.restarts_left_out if comparison is not None else NONE_LEFT_OUT


def compared(status: Status) -> frozenset[str]:
    """Return the revisions whose pods are looked at: none where nothing is on trial."""
    if status.trial is None and status.probation is None:
        return frozenset()
    return frozenset(filter(None, (subject(status), control(status))))


def _revision(ref: RevisionRef | None) -> str:
    return "" if ref is None else ref.revision
