"""What the controller remembers of a ModelDeployment between passes. All of it can be lost; none of it decides."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from seatrial.contract.records import Audit, Pointer
from seatrial.core.decision import Event
from seatrial.core.observed import Unknown
from seatrial.ports import Source

T = TypeVar("T")

REMEMBERED_FOR = timedelta(seconds=60)
_MAXIMUM_PENDING = 20


@dataclass(frozen=True, slots=True)
class Seen(Generic[T]):
    """Something that was read from a source at a time."""

    value: T
    source: Source
    at: datetime

    def is_fresh(self, source: Source, now: datetime) -> bool:
        """Say whether it need not be read again."""
        return source == self.source and now - self.at < REMEMBERED_FOR


def _events() -> deque[Event]:
    return deque(maxlen=_MAXIMUM_PENDING)


@dataclass(slots=True)
class Memory:
    """`failure` is why the last attempt to write failed, `refused` why each object was refused in it.

    `look` is how soon the last decision wanted another.
    `audited` are the records that are known to be in the store; `events` wait until they are told.
    """

    failure: Unknown | None = None
    refused: Mapping[tuple[str, str], str] = field(default_factory=dict)
    look: timedelta | None = None
    serving: Seen[Pointer | None] | None = None
    newest: Seen[str | None] | None = None
    audited: frozenset[Audit] = frozenset()
    events: deque[Event] = field(default_factory=_events)
