"""The checks that judge a trial, kind by kind: what may be asked of a candidate, and in which stages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from seatrial.api.status import Stage

# What is filled into a user's PromQL.
REVISION, VERSION, NAME, NAMESPACE = PLACEHOLDERS = ("{{revision}}", "{{version}}", "{{name}}", "{{namespace}}")
DISAGREEMENT, RESTARTS = "disagreement", "restarts"  # checks of the operator's own, whose names no other has


@dataclass(frozen=True, slots=True)
class ErrorsCheck:
    """The candidate's error rate may be at most `maximum_ratio` times stable's.

    A rate below `objective` is good enough to pass, whatever stable's is.
    """

    maximum_ratio: float = 1.2
    objective: float = 0.01


@dataclass(frozen=True, slots=True)
class LatencyCheck:
    """Slow requests may be at most `maximum_ratio` times as frequent as stable's.

    A request faster than `objective` is fast enough, whatever stable does (None: every difference counts). What a pod
    did in its first `warm_up` is left out.
    """

    maximum_ratio: float = 1.25
    objective: timedelta | None = None
    warm_up: timedelta = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class AccuracyCheck:
    """The share of right answers may be at most `maximum_loss` below stable's, where labels tell."""

    maximum_loss: float = 0.02


@dataclass(frozen=True, slots=True)
class PredictionsCheck:
    """No class may be predicted more than `maximum_ratio` times as often, or as rarely, as by stable."""

    maximum_ratio: float = 2.0


@dataclass(frozen=True, slots=True)
class QueryCheck:
    """A metric of the user's own: PromQL with one value for each side, read once an `interval`.

    Exactly one limit is set: on the candidate's value (`maximum`, `minimum`), or on how many times stable's it is
    (`maximum_ratio`, `minimum_ratio`). `stable` None: what `candidate` asks, asked of the stable revision.
    """

    candidate: str
    stable: str | None = None
    maximum_ratio: float | None = None
    minimum_ratio: float | None = None
    maximum: float | None = None
    minimum: float | None = None
    interval: timedelta = timedelta(minutes=1)

    @property
    def compares(self) -> bool:
        """Whether the limit is on a ratio, so that stable's value is needed."""
        return self.maximum_ratio is not None or self.minimum_ratio is not None


Kind = ErrorsCheck | LatencyCheck | AccuracyCheck | PredictionsCheck | QueryCheck

# Where each kind can say something. In a probation stable has no traffic; a shadow's answers have no consequences.
STAGES: Mapping[type[Kind], tuple[Stage, ...]] = {
    ErrorsCheck: (Stage.SHADOW, Stage.CANARY, Stage.PROBATION),
    LatencyCheck: (Stage.SHADOW, Stage.CANARY, Stage.PROBATION),
    AccuracyCheck: (Stage.SHADOW, Stage.CANARY, Stage.PROBATION),
    PredictionsCheck: (Stage.SHADOW, Stage.CANARY),
    QueryCheck: (Stage.CANARY, Stage.PROBATION),
}


@dataclass(frozen=True, slots=True)
class Check:
    """A named check of one kind.

    `minimum_samples` is what a Pass must rest on (None: the stage's own); `stages` where it is asked (empty: wherever
    its kind can say something).
    """

    name: str
    kind: Kind
    minimum_samples: int | None = None
    stages: tuple[Stage, ...] = ()

    def is_asked(self, stage: Stage) -> bool:
        """Say whether the check is asked at a stage."""
        return stage in (self.stages or possible_stages(self.kind))


def possible_stages(kind: Kind) -> tuple[Stage, ...]:
    """Return the stages in which a check of this kind can say something."""
    alone = isinstance(kind, QueryCheck) and kind.compares
    return tuple(stage for stage in STAGES[type(kind)] if not (alone and stage is Stage.PROBATION))
