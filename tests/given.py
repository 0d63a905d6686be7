"""Builders of observed worlds: each returns a healthy one, and a test says only what is different in its own."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from seatrial.api.conditions import Reason
from seatrial.api.parse import parse_spec
from seatrial.api.spec import Route, Spec
from seatrial.api.status import Ended, Probation, Rejected, RevisionRef, Stage, Status, Trial
from seatrial.contract.canonical import digest_of
from seatrial.contract.manifest import File, Manifest
from seatrial.contract.records import Pointer
from seatrial.contract.schema import Feature, Kind, Output, Task
from seatrial.core.moves import Outcome
from seatrial.core.observed import (
    Defaults,
    Evidence,
    Observed,
    Pods,
    RouteState,
    Target,
    Unknown,
)
from seatrial.core.recipe import Recipe
from seatrial.core.target import reference_to, wanted_recipe
from seatrial.judge.counts import Comparisons, Counts, Interval, LatencyInterval
from seatrial.ports import Key, Restarts

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
KEY = Key("ml", "risk")
DEFAULTS = Defaults("runtime:1", "test", ("1m", "1h", "24h"), namespace_label="namespace", own_identity=True)
MINUTE = timedelta(minutes=1)
HOSTNAMES = ("risk.example.org",)
ROUTE = {"gateway": {"name": "models", "namespace": "gateways"}, "hostnames": list(HOSTNAMES)}
TRAINING = {
    "dataset": "s3://models/risk/train.parquet",
    "target": "risk_level",
    "candidates": [{"estimator": "sklearn.tree.DecisionTreeClassifier", "grid": {"max_depth": [5, 10]}}],
}
# Latencies of 1,000 requests by bucket: most at 8 ms, a tenth at 32 ms; and the same four times as slow.
USUAL, SLOW = {8: 900, 12: 100}, {12: 900, 16: 100}
UNKNOWN = Unknown(Reason.METRICS_UNAVAILABLE, "it does not answer")
STORE_DOWN = Unknown(Reason.STORE_UNREACHABLE, "the store does not answer")


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


def spec(
    *,
    replicas: int = 2,
    version: str | None = None,
    digest: str | None = None,
    serving: Mapping[str, Any] = {},
    **sections: Any,
) -> Spec:
    """Return a parsed spec that follows the channel `latest`, or names a version; sections as in YAML."""
    model = {"store": "s3://models/team"} | ({"version": version} if version else {"channel": "latest"})
    model |= {"digest": digest} if digest else {}
    document = {"model": model, "serving": {"replicas": replicas, **serving}, **sections}
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
        evidence=Unknown(Reason.METRICS_UNAVAILABLE, "nothing was asked"),
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


def record(version: str, revision: str = "") -> Pointer:
    """Return a serving record of a version."""
    return Pointer(version, target(version).digest, NOW.isoformat(), "seatrial", revision=revision)


def rejected(version: str, of: Spec | None = None, message: str = "errors: Fail") -> Rejected:
    """Return the entry of a version that failed its trial."""
    return Rejected(ref(version, of).revision, version, NOW - 60 * MINUTE, message)


def ended(version: str, outcome: Outcome = Outcome.PROMOTED, message: str = "passed every stage") -> Ended:
    """Return a trial of a version that ended an hour ago."""
    at = NOW - 60 * MINUTE
    return Ended(version, ref(version).revision, outcome.value, at - 60 * MINUTE, at, message)


def available(count: int) -> Pods:
    """Return a Deployment whose pods are all there."""
    return Pods(wanted=count, ready=count, available=count)


def restarted(*counts: int, at_start: Collection[int] = ()) -> Pods:
    """Return two pods in a Deployment, and how often each that is counted was restarted; `at_start` are places."""
    by_pod, failed = {f"pod-{i}": count for i, count in enumerate(counts)}, frozenset(f"pod-{i}" for i in at_start)
    return replace(available(2), restarts=Restarts(by_pod, failed, "exit code 137 (OOMKilled)"))


def unseen_pods() -> Pods:
    """Return two pods that cannot be listed."""
    return replace(available(2), restarts=None, trouble="the pods cannot be seen: no answer")


def troubled(trouble: str, count: int = 1) -> Pods:
    """Return a Deployment whose pods do not come up."""
    return Pods(wanted=count, ready=0, available=0, trouble=trouble)


def taken(weights: Mapping[str, int], route: Route | None = None) -> RouteState:
    """Return an HTTPRoute with weights by revision, which the gateway has taken, where this route says or at ROUTE."""
    by_name = {f"{KEY.name}-{revision}": weight for revision, weight in weights.items()}
    hostnames, path = (HOSTNAMES, "/") if route is None else (route.hostnames or ("",), route.path)
    return RouteState(True, "accepted", by_name, hostnames=hostnames, path=path)


def serving(version: str = "1", *, wants: str | None = None, of: Spec | None = None, **changes: Any) -> Observed:
    """Return a world in which a version serves and no trial goes on."""
    stable, made = ref(version, of), of or spec()
    settled: dict[str, Any] = {
        "status": Status(stable=stable),
        "recipes": {stable.revision: recipe(version, of)},
        "pods": {stable.revision: available(made.serving.replicas)},
        "route": taken({stable.revision: 100}, made.route) if made.route is not None else None,
        "serving": record(version, stable.revision),
    }
    return observed(wants=wants or version, of=of, **(settled | changes))


def on_trial(
    stage: Stage,
    *,
    step: int = 0,
    since: timedelta = timedelta(0),
    weight: int | None = None,
    evidence: Evidence | Unknown | None = None,
    of: Spec | None = None,
    pods: Pods | None = None,
    stable_pods: Pods | None = None,
    wants: str = "2",
    world: Mapping[str, Any] = {},
    **trial: Any,
) -> Observed:
    """Return a world in which version 1 serves and version 2 has been in a stage for a while.

    A canary has its step's weight, and as many pods as stable; `world` changes what is observed, `trial` the trial.
    """
    before = serving("1", wants=wants, of=of)
    began, candidate, made = NOW - since, ref("2", of), of or spec()
    canary = stage is Stage.CANARY and made.rollout.canary is not None
    steps = made.rollout.canary.steps if made.rollout.canary is not None else ()
    share = steps[min(step, len(steps) - 1)].weight if canary else 0
    over = canary and step >= len(steps)
    details: dict[str, Any] = {"step": step, "step_since": began if canary else None, "taking_over": over}
    status = replace(
        before.status,
        trial=Trial(candidate, stage, began=began, stage_since=began, **(details | trial)),
        weight=share if weight is None else weight,
    )
    there = {candidate.revision: pods or available(made.serving.replicas)}
    there |= {ref("1", of).revision: stable_pods} if stable_pods is not None else {}
    split = {ref("1", of).revision: 100 - status.weight, candidate.revision: status.weight}
    changes: dict[str, Any] = {
        "status": status,
        "recipes": {**before.recipes, candidate.revision: recipe("2", of)},
        "pods": {**before.pods, **there},
        "evidence": evidence or healthy(began),
        "route": taken(split, made.route) if made.route is not None else None,
    }
    return replace(before, **(changes | dict(world)))


def in_probation(
    *,
    since: timedelta,
    evidence: Evidence | Unknown | None = None,
    wants: str = "2",
    of: Spec | None = None,
    **changes: Any,
) -> Observed:
    """Return a world in which version 2 was promoted a while ago and version 1 is still warm."""
    world = on_trial(Stage.CANARY, of=of)
    promoted, previous, at = ref("2", of), ref("1", of), NOW - since
    routed = of.route if of is not None else None
    status = Status(stable=promoted, probation=Probation(previous, at - 10 * MINUTE, at), history=(ended("2"),))
    settled: dict[str, Any] = {
        "status": status,
        "target": target(wants),
        "serving": record("2", promoted.revision),
        "evidence": evidence or healthy(at),
        "route": taken({promoted.revision: 100}, routed) if routed is not None else None,
    }
    return replace(world, **(settled | changes))


def healthy(since: datetime) -> Evidence:
    """Return evidence of plenty of requests without errors on both sides."""
    return requests(since, (5_000, 0), (5_000, 0))


def failing(since: datetime) -> Evidence:
    """Return evidence of a candidate that fails a fifth of its requests."""
    return requests(since, (5_000, 1_000), (5_000, 10))


def slow(since: datetime) -> Evidence:
    """Return evidence of a candidate that is four times as slow."""
    return requests(since, (5_000, 0), (5_000, 0), latency=SLOW)


def disagreeing(since: datetime) -> Evidence:
    """Return evidence of a candidate that gives other answers to half of its requests."""
    return replace(healthy(since), comparisons=(Comparisons(agree=2_500, disagree=2_500, errors=0),))


def nothing_yet(since: datetime) -> Evidence:
    """Return what Prometheus says where nobody sent a request."""
    return Evidence(since=since)


def requests(
    since: datetime,
    candidate: tuple[int, int],
    stable: tuple[int, int],
    *,
    latency: Mapping[int, int] = USUAL,
    intervals: int = 10,
) -> Evidence:
    """Return evidence of (requests, errors) on both sides, in equal intervals; `latency` is the candidate's."""
    parts = tuple(count // intervals for count in (*candidate, *stable))
    each = Interval(Counts(*parts[:2]), Counts(*parts[2:]))
    return Evidence(
        since=since,
        requests=(each,) * intervals,
        latency={"latency": (LatencyInterval(_buckets(latency), _buckets(USUAL)),) * intervals},
        comparisons=(Comparisons(agree=candidate[0], disagree=candidate[0] // 100, errors=0),),
        history=tuple(Counts(600, 6) for _ in range(30)),
    )


def _buckets(counts: Mapping[int, int]) -> tuple[int, ...]:
    return tuple(counts.get(bucket, 0) for bucket in range(31))
