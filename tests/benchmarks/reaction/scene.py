"""The scene of a reaction: version 1 serves, `broken` goes into a canary at 50 %, and the operator rolls it back.

Right after a step has begun the operator looks often. So that it is also seen how long it takes later in a step, the
clients may come only then (`settled`), at a moment that the operator does not know.
"""

import asyncio
import random
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from seatrial.adapters.clock import SystemClock
from seatrial.adapters.kube_kinds import MODEL_API, ROUTE_API
from seatrial.adapters.prometheus import Prometheus
from seatrial.api import requests
from seatrial.api.parse import parse_spec
from seatrial.api.status_document import read_status
from seatrial.ports import Key
from tests.benchmarks.reaction.figures import Reaction
from tests.benchmarks.reaction.hindsight import sufficient_since
from tests.system.watching import Heard, Watch
from tests.system.world import NAME, ROLLOUT, NotSeenError, World, candidate, outcome

RATE = 200  # requests a second
BAD = "broken"
# Long steps: nothing but a Fail ends the canary. Errors alone are judged: two cores say little of latencies.
SECTIONS: Mapping[str, Any] = {
    "rollout": {
        **ROLLOUT,
        "shadow": {"enabled": False},
        "canary": {"steps": [{"weight": 50}], "stepDuration": "10m"},
        "checks": [{"name": "errors", "errors": {}}],
    }
}
ECHO = 1.5  # seconds in which a last answer may still come after the route was written
SETTLED = (4.0, 6.0)  # seconds after the weight is in effect


class Scene:
    """A world, and what the API server told of its ModelDeployment and its HTTPRoute since the last rollback."""

    def __init__(self, world: World) -> None:
        self.world = _at_rate(world)
        self._tries = 0
        self._models: list[Heard] = []
        self._routes: list[Heard] = []

    def begin(self) -> None:
        """Let version 1 serve."""
        self.world.serves("1", **SECTIONS)

    def play(self, *, settled: bool) -> Reaction:
        """Let the version be rolled back once."""
        world, api = self.world, f"namespaces/{self.world.namespace}"
        models, routes = f"/apis/{MODEL_API}/{api}/modeldeployments", f"/apis/{ROUTE_API}/{api}/httproutes"
        self._models, self._routes = [], []
        world.client.send(on=not settled)
        with (
            Watch(world.site.commands, models, self._models.append),
            Watch(world.site.commands, routes, self._routes.append),
        ):
            self._try_again()
            if settled:
                self._let_clients_come()
            world.sees(f"{BAD} is rolled back", lambda s: candidate(s) == "" and outcome(s, BAD) != "", 120)
            time.sleep(ECHO)
        return self._reaction()

    def _try_again(self) -> None:
        """Let the version go on trial: by the spec at first, then by a retry."""
        rejected = self.world.status().get("rejected") or []
        self._tries += 1
        if not rejected:
            self.world.apply(BAD, **SECTIONS)
        else:
            self.world.annotates(retry=requests.retry_value(rejected[-1]["revision"], str(self._tries)))
        self.world.sees(f"{BAD} is on trial", lambda s: candidate(s) == BAD, 60)

    def _let_clients_come(self) -> None:
        self.world.sees("the step has begun", lambda s: bool((s.get("trial") or {}).get("stepSince")), 60)
        time.sleep(random.uniform(*SETTLED))
        self.world.client.send(on=True)

    def _reaction(self) -> Reaction:
        on_trial = [one for one in self._models if _in_canary(one.document)][-1]
        ended = next(one for one in self._models if one.at > on_trial.at and not _trial(one.document))
        revision = _trial(on_trial.document)["candidate"]["revision"]
        routed = next(
            one for one in self._routes if one.at > on_trial.at and _weight(one.document, f"{NAME}-{revision}") == 0
        )
        stats = self.world.client.stats()
        sufficient = asyncio.run(self._sufficient(on_trial.document, ended.at))
        late = [at for at, version, _ in stats["failures"] if version == BAD and at > sufficient]
        return Reaction(sufficient, ended.at, routed.at, stats["lastAnswers"][BAD], len(late))

    async def _sufficient(self, document: Mapping[str, Any], until: float) -> float:
        prometheus = Prometheus(self.world.site.prometheus, SystemClock())
        key, spec = Key(self.world.namespace, NAME), parse_spec(NAME, document["spec"])
        try:
            found = await sufficient_since(prometheus, key, spec, read_status(document["status"]), until)
        finally:
            await prometheus.close()
        if found is None:
            raise NotSeenError("the version was rolled back, and no evidence that Prometheus has now says so")
        return found


def _at_rate(world: World) -> World:
    """Return the world with a client that sends at the benchmark's rate."""
    world.client = replace(world.client, rate=RATE)
    return world


def _trial(document: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (document.get("status") or {}).get("trial") or {}
    return found


def _in_canary(document: Mapping[str, Any]) -> bool:
    return bool(_trial(document).get("stage") == "Canary" and document["status"].get("weight"))


def _weight(route: Mapping[str, Any], backend: str) -> int | None:
    rules = route["spec"]["rules"]
    return next((b.get("weight", 1) for rule in rules for b in rule["backendRefs"] if b["name"] == backend), None)
