"""A world that goes on by itself: pods come up, requests come in, and every decision is carried out."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from seatrial.api.conditions import Reason, Truth, Type
from seatrial.api.status import Stage, Status
from seatrial.contract.records import Audit
from seatrial.core.compared import judged_since
from seatrial.core.decide import decide
from seatrial.core.decision import Decision
from seatrial.core.observed import Evidence, Observed, Pods, RouteState
from tests.given import NOW, ROUTE, available, healthy, nothing_yet, spec
from tests.unit.core.carried_out import carried_out

LONGEST = 2000  # passes
BRIEF: dict[str, Any] = {
    "shadow": {"minimumDuration": "1m"},
    "canary": {"steps": [{"weight": 5}, {"weight": 25}], "stepDuration": "1m"},
    "probation": "1m",
}
ROUTED, UNROUTED = spec(route=ROUTE, rollout=BRIEF), spec(rollout=BRIEF)

Answers = Callable[[datetime], Evidence]


@dataclass(slots=True)
class Story:
    """A world, what was decided in it, and how its candidate does: `answers` makes evidence since a time."""

    world: Observed
    answers: Answers = healthy
    now: datetime = NOW
    told: list[str] = field(default_factory=list)
    stages: list[tuple[Stage, int]] = field(default_factory=list)  # with the weight of the candidate
    audits: list[str] = field(default_factory=list)
    audited: set[Audit] = field(default_factory=set)

    def step(self, seconds: float = 10) -> Decision:
        """Decide, carry it out, and let time pass: all pods that are wanted come up."""
        decision = decide(self.world, self.now)
        self.told += [f"{event.reason}: {event.message}" for event in decision.events]
        self.audits += [audit.action for audit in decision.audits if audit not in self.audited]
        self.audited |= set(decision.audits)
        stage = (decision.status.stage, decision.status.weight)
        if self.stages[-1:] != [stage]:
            self.stages.append(stage)
        self.world = self._later(carried_out(self.world, decision))
        self.now += timedelta(seconds=seconds)
        return decision

    def until(self, end: Callable[[Observed], bool]) -> None:
        """Go on until something is so."""
        for _ in range(LONGEST):
            if end(self.world):
                return
            self.step()
        raise AssertionError(f"this never came: {self.stages[-3:]}, {self.world.status.trial}")

    def rest(self) -> None:
        """Go on until nothing is on its way."""
        self.step()
        self.until(lambda world: world.status.stage is Stage.IDLE and not world.status.retiring)

    def _later(self, world: Observed) -> Observed:
        since = judged_since(world.status)
        return replace(
            world,
            pods={revision: self._up(pods) for revision, pods in world.pods.items()},
            route=None if world.route is None else RouteState(True, "accepted", world.route.weights),
            evidence=nothing_yet(self.now) if since is None else self.answers(since),
        )

    def _up(self, pods: Pods) -> Pods:
        return pods if pods.trouble else available(pods.wanted)


def condition(status: Status, kind: Type) -> tuple[Truth, Reason]:
    """Return a condition's status and reason."""
    found = next(one for one in status.conditions if one.type is kind)
    return found.status, found.reason
