"""Builders of observed worlds: each returns a healthy one, and a test says only what is different in its own."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from seatrial.api.parse import parse_spec
from seatrial.api.spec import Spec
from seatrial.api.status import Probation, RevisionRef, Stage, Status, Trial
from seatrial.contract.canonical import digest_of
from seatrial.contract.manifest import File, Manifest
from seatrial.contract.schema import Feature, Kind, Output, Task
from seatrial.core.observed import Defaults, Evidence, Observed, Pods, RouteState, Target, Unknown
from seatrial.core.recipe import Recipe
from seatrial.core.target import reference_to, wanted_recipe
from seatrial.judge.counts import Counts, Interval
from seatrial.ports import Key

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
KEY = Key("ml", "risk")
DEFAULTS = Defaults(runtime_image="runtime:1", cluster="test", windows=("1m", "1h", "24h"))
MINUTE = timedelta(minutes=1)


def manifest(version: str) -> Manifest:
    """Return a small manifest; versions differ in nothing but their name, and so in their digest."""
    return Manifest(
        model="risk",
        version=version,
        created="2026-01-01T00:00:00Z",
        files={"model.skops": File(digest_of(version.encode()), 10)},
        artifact="model.skops",
        format="skops",
        features=(Feature("x", Kind.NUMBER),),
        output=Output("y", Task.CLASSIFICATION, ("a", "b")),
        estimator="sklearn.tree.DecisionTreeClassifier",
    )


def spec(*, replicas: int = 2, version: str | None = None, **sections: Any) -> Spec:
    """Return a parsed spec that follows the channel `latest`, or names a version; sections as in YAML."""
    model = {"store": "s3://models/team"} | ({"version": version} if version else {"channel": "latest"})
    document = {"model": model, "serving": {"replicas": replicas}, **sections}
    return parse_spec(KEY.name, document)


def target(version: str) -> Target:
    """Return a version as it is found in the store."""
    found = manifest(version)
    return Target(version, found.digest, found)


def observed(*, wants: str = "1", of: Spec | None = None, **changes: Any) -> Observed:
    """Return the world of a new ModelDeployment that wants a version, with the changes named."""
    world = Observed(
        key=KEY,
        uid="1234",
        generation=1,
        annotations={},
        spec=of or spec(),
        status=Status(),
        defaults=DEFAULTS,
        target=target(wants),
        serving=None,
        newest=None,
        reference=None,
        recipes={},
        pods={},
        route=None,
        evidence=Unknown(reason=_no_reason(), message="nothing was asked"),
        alerts=(),
        jobs={},
    )
    return replace(world, **changes)


def recipe(version: str, of: Spec | None = None) -> Recipe:
    """Return the recipe of a version under a spec."""
    found = wanted_recipe(observed(wants=version, of=of))
    assert isinstance(found, Recipe)
    return found


def ref(version: str, of: Spec | None = None) -> RevisionRef:
    """Return the revision of a version under a spec."""
    return reference_to(recipe(version, of))


def available(count: int) -> Pods:
    """Return a Deployment whose pods are all there."""
    return Pods(wanted=count, ready=count, available=count)


def serving(version: str = "1", *, wants: str | None = None, of: Spec | None = None, **changes: Any) -> Observed:
    """Return a world in which a version serves and no trial goes on."""
    stable = ref(version, of)
    settled: dict[str, Any] = {
        "status": Status(stable=stable),
        "recipes": {stable.revision: recipe(version, of)},
        "pods": {stable.revision: available(2)},
        "route": RouteState(accepted=True, message="accepted"),
    }
    return observed(wants=wants or version, of=of, **(settled | changes))


def on_trial(
    stage: Stage,
    *,
    step: int = 0,
    since: timedelta = timedelta(0),
    evidence: Evidence | Unknown | None = None,
    of: Spec | None = None,
    pods: Pods | None = None,
    **trial: Any,
) -> Observed:
    """Return a world in which version 1 serves and version 2 has been in a stage for a while."""
    world = serving("1", wants="2", of=of)
    began = NOW - since
    candidate = ref("2", of)
    details: dict[str, Any] = {"step": step, "step_since": began if stage is Stage.CANARY else None}
    status = replace(
        world.status,
        trial=Trial(candidate, stage, began=began, stage_since=began, **(details | trial)),
        weight=10 if stage is Stage.CANARY else 0,
    )
    return replace(
        world,
        status=status,
        recipes={**world.recipes, candidate.revision: recipe("2", of)},
        pods={**world.pods, candidate.revision: pods or available(2)},
        evidence=evidence or healthy(began),
    )


def in_probation(*, since: timedelta, evidence: Evidence | None = None, wants: str = "2") -> Observed:
    """Return a world in which version 2 was promoted a while ago and version 1 is still warm."""
    world = on_trial(Stage.CANARY)
    promoted, previous, at = ref("2"), ref("1"), NOW - since
    status = Status(stable=promoted, probation=Probation(previous, at - 10 * MINUTE, at))
    return replace(world, status=status, target=target(wants), evidence=evidence or healthy(at))


def healthy(since: datetime) -> Evidence:
    """Return evidence of plenty of requests without errors on both sides."""
    return requests(since, (5_000, 0), (5_000, 0))


def failing(since: datetime) -> Evidence:
    """Return evidence of a candidate that fails a fifth of its requests."""
    return requests(since, (5_000, 1_000), (5_000, 10))


def requests(since: datetime, candidate: tuple[int, int], stable: tuple[int, int]) -> Evidence:
    """Return evidence of (requests, errors) on both sides, with the same latency."""
    buckets = [0] * 31
    buckets[8], buckets[12] = 900, 100
    from seatrial.core.observed import Comparisons
    from seatrial.judge.counts import LatencyInterval

    return Evidence(
        since=since,
        requests=(Interval(Counts(*candidate), Counts(*stable)),),
        latency={"latency": (LatencyInterval(tuple(10 * n for n in buckets), tuple(10 * n for n in buckets)),)},
        comparisons=Comparisons(agree=candidate[0], disagree=candidate[0] // 100),
        history=tuple(Counts(600, 6) for _ in range(30)),
    )


def _no_reason() -> Any:
    from seatrial.api.conditions import Reason

    return Reason.METRICS_UNAVAILABLE


Weights = Mapping[str, int]
