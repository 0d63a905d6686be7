"""What a decision may ask for; adapters carry it out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from seatrial.api.conditions import Reason
from seatrial.api.status import Status
from seatrial.contract.records import Audit, Pointer


@dataclass(frozen=True, slots=True)
class Event:
    """A Kubernetes Event about the ModelDeployment."""

    reason: Reason
    message: str
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Removal:
    """An owned object that is no longer wanted."""

    api_version: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Gauge:
    """A value for the operator's own /metrics, beyond the labels that say whose it is."""

    name: str
    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class Decision:
    """What should be so, in the order in which it is carried out.

    First `status` (if it differs, and only if nobody else wrote it since it was read), so that a stale view of the
    world can do no harm; then `objects`, all of them every time, and `removals` where that went well; then `serving`
    and `audits` in the store, those that are not there yet; then `events`.
    """

    status: Status
    objects: tuple[Mapping[str, Any], ...] = ()
    serving: Pointer | None = None
    audits: tuple[Audit, ...] = ()
    removals: tuple[Removal, ...] = ()
    events: tuple[Event, ...] = ()
    gauges: tuple[Gauge, ...] = ()
    requeue_after: timedelta = timedelta(seconds=60)
