"""What a user asks for: `spec` of a ModelDeployment as frozen values with every default filled in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from seatrial.api.checks import AccuracyCheck, Check, ErrorsCheck, LatencyCheck

Json = Any  # a plain JSON document


@dataclass(frozen=True, slots=True)
class Model:
    """Which version of which model; exactly one of version and channel is set."""

    store: str
    name: str
    version: str | None = None
    channel: str | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Storage:
    """Where the store answers. No endpoint: AWS. No secret: the pod's own identity."""

    endpoint: str | None = None
    region: str | None = None
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class Serving:
    """The predictor's pods. `image` None: the operator's default."""

    replicas: int = 1
    image: str | None = None
    resources: Mapping[str, Json] = field(default_factory=dict)
    maximum_batch: int = 64
    maximum_delay: timedelta = timedelta(0)
    timeout: timedelta = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Route:
    """The HTTPRoute to make: its Gateway, host names and path prefix."""

    gateway: str
    gateway_namespace: str
    hostnames: tuple[str, ...] = ()
    path: str = "/"


class OnDeadline(StrEnum):
    """What happens to a trial that took longer than its progress deadline."""

    PAUSE = "Pause"
    ROLLBACK = "Rollback"
    PROMOTE = "Promote"


@dataclass(frozen=True, slots=True)
class Shadow:
    """The stage in which the candidate sees copies of requests and its answers go nowhere."""

    sample: int = 100  # percent of the requests that are copied
    minimum_samples: int = 500
    minimum_duration: timedelta = timedelta(minutes=10)
    maximum_disagreement: float = 0.10


class Approval(StrEnum):
    """Whether a canary goes on from a step by itself, or only when a person says so."""

    AUTOMATIC = "Automatic"
    REQUIRED = "Required"


@dataclass(frozen=True, slots=True)
class Step:
    """One canary step: the candidate's share of the traffic in percent; `duration` None is the canary's own."""

    weight: int
    duration: timedelta | None = None
    approval: Approval = Approval.AUTOMATIC


@dataclass(frozen=True, slots=True)
class Canary:
    """The stage in which the candidate answers a growing share of the requests."""

    steps: tuple[Step, ...] = (Step(1), Step(5), Step(25), Step(50))
    step_duration: timedelta = timedelta(minutes=10)
    sticky: bool = False  # a caller that sends back the revision of its last answer stays with that revision

    def lasts(self, step: int) -> timedelta:
        """Return how long a step takes at least."""
        own = self.steps[step].duration
        return self.step_duration if own is None else own


@dataclass(frozen=True, slots=True)
class Rollout:
    """How a new version is tried. `shadow` or `canary` None: that stage is left out."""

    shadow: Shadow | None = Shadow()
    canary: Canary | None = Canary()
    probation: timedelta = timedelta(minutes=30)
    rollback_window: int = 0  # promotions back that a version may return from without a trial
    progress_deadline: timedelta = timedelta(hours=6)
    on_deadline: OnDeadline = OnDeadline.PAUSE
    checks: tuple[Check, ...] = (Check("errors", ErrorsCheck()), Check("latency", LatencyCheck()))
    paused: bool = False


@dataclass(frozen=True, slots=True)
class DriftWatch:
    """Alert when a feature's distribution moved: PSI above `threshold` over `window`, on at least `minimum_rows`."""

    threshold: float = 0.2
    window: str = "1h"
    minimum_rows: int = 1000


@dataclass(frozen=True, slots=True)
class AccuracyWatch:
    """Alert when accuracy over `window` is below `minimum`, on at least `minimum_labels`."""

    minimum: float = 0.8
    window: str = "24h"
    minimum_labels: int = 200


@dataclass(frozen=True, slots=True)
class Monitoring:
    """What is watched of the serving version. Windows are named as the installed rules name them."""

    drift: DriftWatch | None = None
    accuracy: AccuracyWatch | None = None


class OnSuccess(StrEnum):
    """What a training that passed its gates does: move the channel, or only publish."""

    ROLLOUT = "Rollout"
    PROPOSE = "Propose"


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """The training Job's own bounds."""

    resources: Mapping[str, Json] = field(default_factory=dict)
    active_deadline: timedelta = timedelta(hours=2)
    backoff_limit: int = 1


@dataclass(frozen=True, slots=True)
class TrainingGates:
    """What a trained model must reach; see contract.training.Gates."""

    minimum: float | None = None
    margin: float = 0.0
    latency_p99: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Training:
    """How and when to train. `candidates` are (import path, {parameter: values to search})."""

    dataset: str
    target: str
    candidates: tuple[tuple[str, Mapping[str, tuple[Json, ...]]], ...]
    include_feedback: bool = True
    split: tuple[float, float, float] = (0.70, 0.15, 0.15)
    split_by: str = "Stratified"
    cross_validation: int = 5
    metric: str = "accuracy"
    seed: int = 42
    gates: TrainingGates = TrainingGates()
    on_drift: bool = True
    on_accuracy: bool = True
    cooldown: timedelta = timedelta(hours=6)
    on_success: OnSuccess = OnSuccess.ROLLOUT
    job: TrainingJob = TrainingJob()


@dataclass(frozen=True, slots=True)
class Spec:
    """The whole spec."""

    model: Model
    storage: Storage = Storage()
    serving: Serving = Serving()
    route: Route | None = None
    rollout: Rollout = Rollout()
    monitoring: Monitoring = Monitoring()
    training: Training | None = None

    @property
    def collects(self) -> bool:
        """Whether predictions and labels are collected: something needs them."""
        checked = any(isinstance(check.kind, AccuracyCheck) for check in self.rollout.checks)
        feeds = self.training is not None and self.training.include_feedback
        return checked or feeds or self.monitoring.accuracy is not None
