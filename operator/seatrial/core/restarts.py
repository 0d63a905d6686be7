"""Which restarts of containers count in what is judged now, and which do not."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from seatrial.api.status import RestartsLeftOut, Status
from seatrial.core.compared import control, judged_since, left_out_before, subject
from seatrial.core.observed import Observed
from seatrial.core.stages import pods_of
from seatrial.ports import Restarts


def restarts_of(observed: Observed, side: Callable[[Status], str]) -> Restarts | None:
    """Return what is seen of the pods of one side of the comparison; None where they cannot be seen."""
    return pods_of(observed, side(observed.status)).restarts


def until_now(observed: Observed) -> RestartsLeftOut:
    """Return all that was restarted up to this moment, which is when a stage begins: none of it counts in it."""
    return _of_both(observed, lambda seen, before: seen.by_pod)


def left_out(observed: Observed) -> RestartsLeftOut:
    """Return the restarts that do not count: what was before, and starts that failed, also once they succeeded.

    Pods that are gone have taken theirs with them.
    """
    return _of_both(observed, _before_or_at_start)


def at_promotion(observed: Observed) -> RestartsLeftOut:
    """Return what does not count in the probation that begins.

    The other version will get no traffic, so what ended it in the stage before goes on counting: it may be a request
    that neither of the two can bear.
    """
    now = until_now(observed)
    return now if judged_since(observed.status) is None else replace(now, control=left_out(observed).control)


def noted(observed: Observed, status: Status) -> Status:
    """Return the status in which it stands which restarts do not count."""
    restarts = left_out(observed)
    if status.trial is not None:
        return replace(status, trial=replace(status.trial, restarts_left_out=restarts))
    if status.probation is None:
        return status
    return replace(status, probation=replace(status.probation, restarts_left_out=restarts))


def _of_both(observed: Observed, rule: Callable[[Restarts, Mapping[str, int]], Mapping[str, int]]) -> RestartsLeftOut:
    """Apply a rule to what is seen of each side, and what was left out of it before; what is not seen stays so."""

    def of(side: Callable[[Status], str], before: Mapping[str, int]) -> Mapping[str, int]:
        seen = restarts_of(observed, side)
        return before if seen is None else {pod: count for pod, count in rule(seen, before).items() if count}

    before = left_out_before(observed.status)
    return RestartsLeftOut(of(subject, before.judged), of(control, before.control))


def _before_or_at_start(seen: Restarts, before: Mapping[str, int]) -> Mapping[str, int]:
    counts = seen.by_pod.items()
    return {pod: n if pod in seen.at_start else min(before.get(pod, 0), n) for pod, n in counts}
