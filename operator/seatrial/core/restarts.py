"""Which restarts of containers count in what is judged now, and which do not."""

from collections.abc import Callable
from dataclasses import replace

from seatrial.api.status import RestartsBefore, Status
from seatrial.core.compared import control, restarts_before, subject
from seatrial.core.observed import Observed
from seatrial.core.stages import pods_of
from seatrial.ports import Restarts


def restarts_of(observed: Observed, side: Callable[[Status], str]) -> Restarts | None:
    """Return what is seen of the pods of one side of the comparison; None where they cannot be seen."""
    return pods_of(observed, side(observed.status)).restarts


def until_now(observed: Observed) -> RestartsBefore:
    """Return all that was restarted up to this moment, which is when a stage begins: none of it counts in it."""
    before = restarts_before(observed.status)
    mine, theirs = restarts_of(observed, subject), restarts_of(observed, control)
    return RestartsBefore(
        before.judged if mine is None else mine.count, before.control if theirs is None else theirs.count
    )


def not_counted(observed: Observed) -> RestartsBefore:
    """Return the restarts that do not count: what was before, and starts that failed, also once they succeeded.

    Pods that are gone have taken theirs with them, so it is never more than there are.
    """
    before = restarts_before(observed.status)
    return RestartsBefore(
        _left_out(restarts_of(observed, subject), before.judged),
        _left_out(restarts_of(observed, control), before.control),
    )


def excused(observed: Observed, status: Status) -> Status:
    """Return the status in which it stands which restarts do not count."""
    restarts = not_counted(observed)
    if status.trial is not None:
        return replace(status, trial=replace(status.trial, restarts=restarts))
    if status.probation is None:
        return status
    return replace(status, probation=replace(status.probation, restarts=restarts))


def _left_out(seen: Restarts | None, before: int) -> int:
    return before if seen is None else max(seen.at_start, min(before, seen.count))
