"""Which restarts of containers count in what is judged now, and which do not."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from seatrial.api.status import RestartsLeftOut, Stage, Status
from seatrial.core.compared import control, left_out_before, subject
from seatrial.core.observed import Observed
from seatrial.core.stages import pods_of
from seatrial.ports import Restarts


def restarts_of(observed: Observed, side: Callable[[Status], str]) -> Restarts | None:
    """Return what is seen of the pods of one side of the comparison; None where they cannot be seen."""
    return pods_of(observed, side(observed.status)).restarts


def until_now(observed: Observed) -> RestartsLeftOut:
    """Return all that was restarted up to this moment, which is when a stage begins: none of it counts in it."""
    before = left_out_before(observed.status)
    mine, theirs = restarts_of(observed, subject), restarts_of(observed, control)
    return RestartsLeftOut(
        before.judged if mine is None else _some(mine.by_pod),
        before.control if theirs is None else _some(theirs.by_pod),
    )


def left_out(observed: Observed) -> RestartsLeftOut:
    """Return the restarts that do not count: what was before, and starts that failed, also once they succeeded.

    Pods that are gone have taken theirs with them.
    """
    before = left_out_before(observed.status)
    return RestartsLeftOut(
        _left_out(restarts_of(observed, subject), before.judged),
        _left_out(restarts_of(observed, control), before.control),
    )


def at_promotion(observed: Observed) -> RestartsLeftOut:
    """Return what does not count in the probation that begins.

    The other version will get no traffic, so what ended it in the stage before goes on counting: it may be a request
    that neither of the two can bear.
    """
    now, trial = until_now(observed), observed.status.trial
    compared_before = trial is not None and trial.stage is not Stage.PREPARING
    return replace(now, control=left_out(observed).control) if compared_before else now


def noted(observed: Observed, status: Status) -> Status:
    """Return the status in which it stands which restarts do not count."""
    restarts = left_out(observed)
    if status.trial is not None:
        return replace(status, trial=replace(status.trial, restarts_left_out=restarts))
    if status.probation is None:
        return status
    return replace(status, probation=replace(status.probation, restarts_left_out=restarts))


def _left_out(seen: Restarts | None, before: Mapping[str, int]) -> Mapping[str, int]:
    if seen is None:
        return before
    counts = seen.by_pod.items()
    return _some({pod: n if pod in seen.at_start else min(before.get(pod, 0), n) for pod, n in counts})


def _some(by_pod: Mapping[str, int]) -> Mapping[str, int]:
    return {pod: count for pod, count in by_pod.items() if count}
