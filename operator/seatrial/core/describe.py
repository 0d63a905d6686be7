"""The conditions, one function each, all of them at every reconcile."""

from collections.abc import Callable, Mapping
from datetime import datetime

from seatrial.api.conditions import Condition, Type
from seatrial.api.status import Status
from seatrial.core.describe_route import route_ready
from seatrial.core.describe_serving import artifact_verified, ready, reconciling, stalled
from seatrial.core.describe_upkeep import accuracy_met, drifted, rollout_succeeded, training_succeeded, update_available
from seatrial.core.observed import Observed
from seatrial.core.view import View

# In the order in which status has them.
CONDITIONS: tuple[Callable[[View], Condition], ...] = (
    ready,
    reconciling,
    stalled,
    artifact_verified,
    route_ready,
    rollout_succeeded,
    drifted,
    accuracy_met,
    training_succeeded,
    update_available,
)


def conditions(observed: Observed, status: Status) -> tuple[Condition, ...]:
    """Return every condition."""
    view = View(observed, status)
    return tuple(describe(view) for describe in CONDITIONS)


def changed(before: Status, after: tuple[Condition, ...], now: datetime) -> Mapping[Type, datetime]:
    """Return when each condition last changed its status."""
    known = {c.type: c.status for c in before.conditions}
    times = before.changed or {}
    return {c.type: times.get(c.type, now) if known.get(c.type) is c.status else now for c in after}
