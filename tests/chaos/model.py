"""One of the models: what its user wants of it now, applied as a person would."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.chaos.versions import BAD, FIRST, Quality
from tests.system.publishing import Shelf
from tests.system.site import Site
from tests.system.world import NAME, World, condition, serving

RATE = 30  # requests a second
STEPS = (30, 50)  # percent
# Stable's and the candidates' pods of all models fit on a node of two cores, with an operator that is made again.
SMALL = {"requests": {"cpu": "60m"}}
SHADOW = {"minimumSamples": 100, "minimumDuration": "5s", "maximumDisagreement": "0.20"}
# What each kind of bad version can be seen by. A healthy pod on two busy cores is slow now and then, on either side.
CHECKS = (
    {"name": "errors", "errors": {}},
    {"name": "latency", "latency": {"objective": "25ms", "maximumRatio": "3", "warmUp": "10s"}},
)


@dataclass(slots=True)
class Model:
    """A world, and its user's wishes.

    `shadowed` says that a shadow comes before the canary, `approves` that the canary's first step waits for approval.
    """

    world: World
    routed: bool
    collects: bool
    shadowed: bool
    approves: bool
    wanted: str = FIRST
    before: str = FIRST
    replicas: int = 2
    batch: int = 64
    paused: bool = False

    @property
    def bad(self) -> list[str]:
        """The bad versions that its checks can see: who disagrees is seen in the shadow alone."""
        return [name for name, quality in BAD.items() if self.shadowed or quality is not Quality.SWAPPED]

    @property
    def name(self) -> str:
        """Its short name: the namespace's."""
        return self.world.namespace

    def begin(self) -> None:
        """Let the first version serve, and clients come."""
        world = self.world
        world.is_there()
        self.apply()
        world.sees(f"{FIRST} serves", lambda s: serving(s) == FIRST and condition(s, "Ready") == "True", 180)
        if not self.routed:
            world.client = replace(world.client, target=f"http://{self._address()}")
        world.client.start()
        world.sees_client("answers", lambda c: c["answered"] >= RATE)

    def apply(self) -> None:
        """Apply the ModelDeployment as its user wants it now."""
        self.world.apply(self.wanted, **self._sections())

    def want(self, version: str) -> None:
        """Want another version, which is not to wait for the end of an earlier one's pause."""
        self.before, self.wanted, self.paused = self.wanted, version, False
        self.apply()

    def settle(self) -> None:
        """Want what lets everything come to rest: nothing waits for a person any more."""
        self.paused, self.approves, self.replicas = False, False, 2
        self.apply()
        self.world.annotates(promote=None, abort=None, retry=None)

    def _sections(self) -> Mapping[str, Any]:
        first = {"weight": STEPS[0], **({"approval": "Required"} if self.approves else {})}
        rollout = {
            "shadow": SHADOW if self.shadowed else {"enabled": False},
            "canary": {"steps": [first, *({"weight": weight} for weight in STEPS[1:])], "stepDuration": "5s"},
            "probation": "10s",
            "progressDeadline": "10m",
            "paused": self.paused,
            "checks": list(CHECKS),
        }
        serving = {
            "replicas": self.replicas,
            "timeout": "5s",
            "batching": {"maxSize": self.batch},
            "resources": SMALL,
        }
        sections: dict[str, Any] = {"rollout": rollout, "serving": serving}
        if not self.routed:
            sections["route"] = None
        if self.collects:
            sections["monitoring"] = {"accuracy": {"window": "1m"}}
        return sections

    def _address(self) -> str:
        """Its Service's address: clients should not need the DNS server, which is restarted."""
        found = self.world.site.commands.get("service", NAME, self.world.namespace)
        return str(found["spec"]["clusterIP"]) if found is not None else ""


def models(site: Site, shelf: Shelf) -> list[Model]:
    """Return three models side by side: behind a gateway with a collector, with approvals, and without a gateway.

    The second has no shadow, so that its clients meet bad versions.
    """

    def model(name: str, *, routed: bool = True, collects: bool = False, shadowed: bool = True) -> Model:
        world = World(site, shelf, name)
        world.client = replace(world.client, rate=RATE)
        return Model(world, routed, collects, shadowed, approves=not shadowed)

    return [model("chaos-a", collects=True), model("chaos-b", shadowed=False), model("chaos-c", routed=False)]
