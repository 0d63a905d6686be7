"""Who is judged, by whom, and since when: what a status says of the comparison that goes on."""

from datetime import datetime

from seatrial.api.status import NONE_LEFT_OUT, RestartsLeftOut, Stage, Status


def judged_since(status: Status) -> datetime | None:
    """Return when the evidence that counts now begins: with the stage, or with the probation."""
    if status.trial is not None:
        return status.trial.stage_since if status.trial.stage in (Stage.SHADOW, Stage.CANARY) else None
    return status.probation.since if status.probation is not None else None


def subject(status: Status) -> str:
    """Return the revision that is judged: the candidate, or in probation the promoted one."""
    if status.trial is not None:
        return status.trial.candidate.revision
    return status.stable.revision if status.stable is not None else ""


def control(status: Status) -> str:
    """Return the revision that it is compared with."""
    if status.trial is None and status.probation is not None:
        return status.probation.previous.revision
    return status.stable.revision if status.stable is not None else ""


def left_out_before(status: Status) -> RestartsLeftOut:
    """Return the restarts that do not count, as far as status knows."""
    comparison = status.trial or status.probation
    return comparison.restarts_left_out if comparison is not None else NONE_LEFT_OUT


def compared(status: Status) -> frozenset[str]:
    """Return the revisions whose pods are looked at: none where nothing is on trial."""
    if status.trial is None and status.probation is None:
        return frozenset()
    return frozenset(filter(None, (subject(status), control(status))))
