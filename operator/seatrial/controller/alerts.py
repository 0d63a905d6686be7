"""One poller asks for the firing alerts of all models and wakes those whose alerts changed.

A failed query is no answer, never 'no alert': the last answer holds for a minute, then it is unknown.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from seatrial.api.conditions import Reason
from seatrial.core.alerts import QUERY, read_alerts
from seatrial.core.observed import Alert, Unknown
from seatrial.ports import Clock, Key, Metrics, MetricsError

POLL_EVERY = 5.0  # seconds
HOLDS_FOR = timedelta(seconds=60)

_log = logging.getLogger(__name__)


class Alerts:
    """What fired at the last answer, and how old that is."""

    def __init__(self, metrics: Metrics, clock: Clock, wake: Callable[[Key], None], namespace_label: str) -> None:
        self._metrics, self._clock, self._wake, self._namespace_label = metrics, clock, wake, namespace_label
        self._firing: Mapping[Key, tuple[Alert, ...]] = {}
        self._answered: datetime | None = None
        self._trouble = "no answer has come yet"

    def of(self, key: Key, now: datetime) -> tuple[Alert, ...] | Unknown:
        """Return the alerts that fire about a ModelDeployment."""
        if self._answered is None or now - self._answered > HOLDS_FOR:
            return Unknown(Reason.METRICS_UNAVAILABLE, f"it is not known which alerts fire: {self._trouble}")
        return self._firing.get(key, ())

    async def poll(self) -> None:
        """Ask once, and wake the keys whose alerts are not what they were."""
        try:
            firing = read_alerts(await self._metrics.instant(QUERY), self._namespace_label)
        except MetricsError as error:
            if self._trouble != str(error):
                _log.warning("alerts cannot be read: %s", error)
            self._trouble = str(error)
            return
        before, self._firing = self._firing, firing
        self._answered, self._trouble = self._clock.now(), ""
        for key in {*before, *firing}:
            if before.get(key, ()) != firing.get(key, ()):
                self._wake(key)

    async def run(self) -> None:
        """Ask for ever."""
        while True:
            await self.poll()
            await asyncio.sleep(POLL_EVERY)
