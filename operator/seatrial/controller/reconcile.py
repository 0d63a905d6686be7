"""One pass over one ModelDeployment: gather, decide, carry out."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from seatrial.api.conditions import Reason
from seatrial.api.status import Status
from seatrial.api.status_document import read_status
from seatrial.controller.apply import Applier, NotWrittenError, Publisher
from seatrial.controller.cache import Cache
from seatrial.controller.from_store import reason_of
from seatrial.controller.gather import Gatherer
from seatrial.controller.logs import about
from seatrial.controller.memory import Memory
from seatrial.controller.pace import Pace
from seatrial.controller.schedule import LONGEST_BACKOFF
from seatrial.core.decision import Decision
from seatrial.core.observed import Observed, Unknown
from seatrial.core.unforeseen import unforeseen
from seatrial.ports import AbsentError, Clock, ClusterError, ConflictError, Document, Key
from seatrial.store.objects import PreconditionError, StoreError

# What follows from a new status is decided in the next pass, which need not wait for an event.
SOON = timedelta(seconds=1)

_log = logging.getLogger(__name__)

Decide = Callable[[Observed, datetime], Decision]


class Reconciler:
    """Passes over ModelDeployments. Two passes over one of them never run at once; the queue sees to it."""

    def __init__(
        self, cache: Cache, gatherer: Gatherer, applier: Applier, publisher: Publisher, clock: Clock, decide: Decide
    ) -> None:
        self._cache, self._gatherer, self._applier = cache, gatherer, applier
        self._publisher, self._clock, self._decide = publisher, clock, decide
        self._memories: dict[Key, Memory] = {}
        self._pace = Pace()

    async def reconcile(self, key: Key) -> timedelta | None:
        """Do one pass; return when to look again, None where there is nothing to look at.

        Raises what cluster and store raise, after remembering it for the next decision.
        """
        document = self._cache.model(key)
        if document is None:
            self._forget(key)
            return None
        if document["metadata"].get("deletionTimestamp"):
            return None  # Kubernetes removes what it owns
        memory = self._memories.setdefault(key, Memory())
        again = await self._pass(key, document, memory)
        recovered, memory.failure, memory.refused = memory.failure is not None, None, {}
        return min(SOON, again) if recovered else again

    def patience(self, key: Key) -> float:
        """Return the longest wait after a failure, in seconds: no longer than if nothing had failed.

        A trial that goes on is judged every few seconds, also where a duty beside it fails each time.
        """
        memory = self._memories.get(key)
        look = memory.look if memory is not None else None
        return LONGEST_BACKOFF if look is None else min(LONGEST_BACKOFF, look.total_seconds())

    async def _pass(self, key: Key, document: Document, memory: Memory) -> timedelta:
        source = await self._gatherer.source(key, document)
        now = self._clock.now()
        try:
            observed = await self._gatherer.gather(key, document, source, memory, now)
            decision = self._decide(observed, now)
        except Exception as error:
            told = unforeseen(read_status(document.get("status")), error, now)
            await self._applier.carry_out(document, told, source, memory, now)
            raise
        memory.look = look = self._pace.next_look(key, decision)
        _narrate(observed, decision)
        try:
            await self._applier.carry_out(document, decision, source, memory, now)
        except (ConflictError, AbsentError, PreconditionError):
            raise  # the world moved on: that is no failure to tell of
        except ClusterError as error:
            memory.failure = Unknown(Reason.APPLY_FAILED, str(error))
            memory.refused = error.refused if isinstance(error, NotWrittenError) else {}
            raise
        except StoreError as error:
            memory.failure, memory.refused = Unknown(reason_of(error), str(error)), {}
            raise
        return min(SOON, look) if _moved(observed.status, decision.status) else look

    def _forget(self, key: Key) -> None:
        self._memories.pop(key, None)
        self._pace.forget(key)
        self._publisher.publish(key, ())


def _moved(before: Status, after: Status) -> bool:
    """Say whether something follows from the new status: more than its words or its counts changed."""

    def state(status: Status) -> tuple[object, ...]:
        trial = status.trial
        step = None if trial is None else (trial.candidate, trial.stage, trial.step)
        return status.stable, step, status.probation, status.weight, status.training

    return state(before) != state(after)


def _narrate(observed: Observed, decision: Decision) -> None:
    """Log every event: what changed, in the words that the user reads."""
    for event in decision.events:
        trial = decision.status.trial or observed.status.trial
        revision = trial.candidate.revision if trial is not None else ""
        level = logging.WARNING if event.warning else logging.INFO
        _log.log(level, "%s: %s", event.reason, event.message, extra=about(observed.key, revision))
