"""What is told where a decision failed in a way that nobody foresaw: a mistake of the operator's own."""

from dataclasses import replace
from datetime import datetime

from seatrial.api.conditions import Condition, Reason, Type, condition
from seatrial.api.status import Status
from seatrial.core import describe, news
from seatrial.core.decision import Decision

LONGEST = 300  # characters of what went wrong


def unforeseen(before: Status, error: Exception, now: datetime) -> Decision:
    """Return the decision that changes nothing but what a person reads: nothing that could fail again is worked out."""
    first = _first(error)
    what = f"{type(first).__name__}: {first}"[:LONGEST]
    message = f"the operator cannot decide, by a mistake of its own that its log tells more of; nothing changes: {what}"
    told = {
        Type.RECONCILING: condition(Type.RECONCILING, False, Reason.HELD, message),
        Type.STALLED: condition(Type.STALLED, True, Reason.INTERNAL_ERROR, message),
    }
    conditions = _with(before.conditions, told)
    status = replace(before, conditions=conditions, changed=describe.changed(before, conditions, now))
    return Decision(status=status, events=news.events(before, status))


def _first(error: BaseException) -> BaseException:
    """Return what went wrong first, where several things that were read side by side did."""
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


def _with(conditions: tuple[Condition, ...], told: dict[Type, Condition]) -> tuple[Condition, ...]:
    kept = {one.type: one for one in conditions}
    return tuple((kept | told).values())
