"""Everything that a decision rests on, as values. What is not known says so, and why."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from seatrial.api.conditions import Reason
from seatrial.api.spec import Spec
from seatrial.api.status import Status
from seatrial.contract.environment import REFUSED
from seatrial.contract.manifest import Manifest
from seatrial.contract.records import Pointer
from seatrial.contract.reference import Reference
from seatrial.contract.schema import Task
from seatrial.core.recipe import Recipe
from seatrial.judge.counts import ClassInterval, Comparisons, Counts, Interval, LatencyInterval, Pairs
from seatrial.judge.query import Reading
from seatrial.ports import NO_RESTARTS, Key, Restarts

# A trouble is '<reason>: <message>', more of them after '; '. Others may say 'connection refused: …' in theirs.
_REFUSAL = re.compile(rf"(^|; )([^:;]+: )?{REFUSED}")


def is_refusal(trouble: str) -> bool:
    """Say whether a predictor's own message, in a pod's trouble, is that it refused the artifact."""
    return _REFUSAL.search(trouble) is not None


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that could not be found out now, or is not so: the reason and a sentence for the user."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Defaults:
    """What the operator was installed with.

    `windows` are the windows for which rules are installed; `cluster` names this cluster in the store.
    `namespace_label` is the target label by which Prometheus says in which namespace a pod is. `own_identity` says that
    the operator may read stores with its own identity where a ModelDeployment names no Secret, `user_queries` that a
    ModelDeployment's own queries are asked.
    """

    runtime_image: str
    cluster: str
    windows: tuple[str, ...]
    namespace_label: str
    own_identity: bool = False
    user_queries: bool = True


@dataclass(frozen=True, slots=True)
class Target:
    """The version that the spec, or the channel that it names, asks for; its manifest was checked."""

    version: str
    digest: str
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class Pods:
    """A revision's Deployment: the replicas it was told to run, those ready, and those available (ready for 3 s).

    `trouble` is why pods do not come up, in the kubelet's or the predictor's words; empty where nothing is wrong.
    `restarts` are looked at only while something is on trial, and are None where they cannot be seen.
    """

    wanted: int
    ready: int
    available: int
    trouble: str = ""
    restarts: Restarts | None = NO_RESTARTS

    @property
    def refusal(self) -> str:
        """The trouble, where it is that the predictor refused the artifact for good; otherwise empty."""
        return self.trouble if is_refusal(self.trouble) else ""


@dataclass(frozen=True, slots=True)
class RouteState:
    """What the gateway says of the HTTPRoute: None as long as it has said nothing about this generation.

    `weights` are by backend Service; `gateways` are those that the HTTPRoute names now, as (namespace, name), and
    `hostnames` and `path` where it serves. `claim` is the HTTPRoute beside it that asks for more (core.addresses).
    """

    accepted: bool | None
    message: str
    weights: Mapping[str, int] = field(default_factory=dict)
    gateways: tuple[tuple[str, str], ...] = ()
    hostnames: tuple[str, ...] = ()
    path: str = "/"
    claim: "RouteState | None" = None


@dataclass(frozen=True, slots=True)
class Alert:
    """A firing alert that asks for something: `reason` is drift or accuracy, `detail` what was seen."""

    name: str
    reason: str
    detail: str
    revision: str = ""


class JobPhase(StrEnum):
    """How far a training Job is."""

    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"


@dataclass(frozen=True, slots=True)
class Job:
    """A training Job: its termination message where it has ended, or why its pod does not run."""

    phase: JobPhase
    answer: str | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What Prometheus has of candidate and stable since the stage began, an interval each.

    `since` is the beginning that it was asked for: evidence of another stage counts for nothing.
    `latency` and `readings` are by check name: each check has its own warm-up, or its own queries. `history` is
    stable's own traffic before the trial, from which its burstiness is estimated. `pairs` are labels of requests that
    both answered, since the trial began; `labels` are those of each side's own, the wrong answers bad. `classes` names
    what `predictions` count. `step` is how long (seconds) the newest intervals are.
    """

    since: datetime
    step: float = 30.0
    requests: tuple[Interval, ...] = ()
    latency: Mapping[str, tuple[LatencyInterval, ...]] = field(default_factory=dict)
    comparisons: tuple[Comparisons, ...] = ()
    history: tuple[Counts, ...] = ()
    pairs: tuple[Pairs, ...] = ()
    labels: tuple[Interval, ...] = ()
    classes: tuple[str, ...] = ()
    predictions: tuple[ClassInterval, ...] = ()
    readings: Mapping[str, tuple[Reading, ...] | Unknown] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Observed:
    """One ModelDeployment and its world at one moment.

    `pods` and `recipes` are by revision; `objects` are the owned objects as (apiVersion, kind, name), so that what is
    no longer wanted can be removed. `failure` is why the last attempt to write failed, None where it did not;
    `refused` is why objects were refused in it, by kind and name. `autoscaled` says that an autoscaler sets the
    replicas. `last_spec` is the last spec that was valid, as far as that is known, and `last_spec_text` that as JSON.
    """

    key: Key
    uid: str
    generation: int
    annotations: Mapping[str, str]
    spec: Spec | Unknown
    status: Status
    defaults: Defaults
    target: Target | Unknown
    serving: Pointer | Unknown | None
    newest: str | None
    reference: Reference | None
    recipes: Mapping[str, Recipe]
    pods: Mapping[str, Pods]
    route: RouteState | None
    evidence: Evidence | Unknown
    alerts: tuple[Alert, ...] | Unknown
    jobs: Mapping[str, Job]
    objects: frozenset[tuple[str, str, str]] = frozenset()
    failure: Unknown | None = None
    refused: Mapping[tuple[str, str], str] = field(default_factory=dict)
    autoscaled: bool = False
    last_spec: Spec | None = None
    last_spec_text: str = ""

    @property
    def is_regression(self) -> bool:
        """Whether the wanted version is known to answer with numbers, of which none is simply right or wrong."""
        return isinstance(self.target, Target) and self.target.manifest.output.task is Task.REGRESSION


@dataclass(frozen=True, slots=True)
class Query:
    """One question to Prometheus: a range query from `start` to `end` at steps of `seconds`.

    What is wrong with one that a user wrote (`is_users`) says nothing of the others. `past` asks for what was before
    the start, at coarser steps, of which the last may lie behind it; its answer is joined to this one's.
    """

    promql: str
    start: datetime
    end: datetime
    seconds: float
    is_users: bool = False
    past: "Query | None" = None
