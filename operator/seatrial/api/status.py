"""What Seatrial says: `status` of a ModelDeployment as a frozen value.

It is also where a trial's state is kept: an operator that was killed goes on from here. It is bounded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from seatrial.api.conditions import Condition, Type

MAXIMUM_REJECTED = 10
MAXIMUM_HISTORY = 10


class Stage(StrEnum):
    """Where a trial is."""

    IDLE = "Idle"
    PREPARING = "Preparing"
    SHADOW = "Shadow"
    CANARY = "Canary"
    PROBATION = "Probation"


@dataclass(frozen=True, slots=True)
class RevisionRef:
    """A revision (the hash of what its pods run), and the version and manifest digest in it."""

    revision: str
    version: str
    digest: str


@dataclass(frozen=True, slots=True)
class RestartsLeftOut:
    """Restarts that do not count, by pod: of the judged revision, and of the one that it is compared with."""

    judged: Mapping[str, int] = field(default_factory=dict)
    control: Mapping[str, int] = field(default_factory=dict)


NONE_LEFT_OUT = RestartsLeftOut()


@dataclass(frozen=True, slots=True)
class Trial:
    """The trial that is going on.

    `stage_since` is when this stage began: its evidence is what Prometheus has from then on, over all steps of a
    canary. `step` counts canary steps from 0, and the number of steps means: scaling up to take over, which
    `taking_over` says too, because steps may become fewer; `step_since` is when the step's weight took effect.
    `uncounted` are seconds that do not count toward its deadline, and `stopped` is since when its time does not count.
    `restarts_left_out` do not count in this stage. `returning` is set where the candidate served before and needs no
    trial. `held` says what the trial waits for, and `held_reason` (a Reason) is set where it waits for a person.
    """

    candidate: RevisionRef
    stage: Stage
    began: datetime
    stage_since: datetime
    step: int = 0
    step_since: datetime | None = None
    stopped: datetime | None = None
    uncounted: int = 0
    returning: bool = False
    restarts_left_out: RestartsLeftOut = NONE_LEFT_OUT
    held: str = ""
    held_reason: str = ""
    taking_over: bool = False


@dataclass(frozen=True, slots=True)
class Probation:
    """The time after a promotion in which `previous` stays warm.

    `reference_since` and `since` bound the whole stage that was promoted from, the canary with all its steps, or where
    a person promoted the half hour before: what `previous` did then is what the promoted revision is compared with.
    `restarts_left_out` do not count.
    """

    previous: RevisionRef
    reference_since: datetime
    since: datetime
    restarts_left_out: RestartsLeftOut = NONE_LEFT_OUT


@dataclass(frozen=True, slots=True)
class Finding:
    """A check's last verdict and the sentence that explains it.

    `evidence` is the e-value against the candidate so far, as a decimal, and `needed` what it must exceed for a Fail;
    both are empty where a verdict rests on no such number.
    """

    check: str
    verdict: str
    message: str
    evidence: str = ""
    needed: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A revision that failed its trial, and is not tried again until the spec changes or a retry asks for it."""

    revision: str
    version: str
    at: datetime
    message: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A trial that ended: Promoted, RolledBack, Superseded or Aborted."""

    version: str
    revision: str
    outcome: str
    began: datetime
    ended: datetime
    message: str
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Retiring:
    """A revision that no longer serves; its objects are removed once connections have moved on.

    `routed` is when the gateway may have sent it traffic after that, to a quarter of a minute.
    """

    revision: str
    since: datetime
    routed: datetime | None = None


@dataclass(frozen=True, slots=True)
class TrainingStatus:
    """The last training: why it ran, its Job, how it ended (`outcome` empty while it runs)."""

    job: str
    trigger: str
    detail: str
    started: datetime
    outcome: str = ""
    version: str = ""
    message: str = ""
    token: str = ""  # the last seatrial.dev/train token that was acted on


@dataclass(frozen=True, slots=True)
class Status:
    """The whole status. `changed` is when each condition last changed its status."""

    observed_generation: int = 0
    replicas: int = 0
    weight: int = 0  # percent of the traffic that the candidate gets
    stable: RevisionRef | None = None
    trial: Trial | None = None
    probation: Probation | None = None
    findings: tuple[Finding, ...] = ()
    alpha_left: str = ""  # of the stage: the chance of failing a version that keeps every limit, given what was seen
    rejected: tuple[Rejected, ...] = ()
    history: tuple[Ended, ...] = ()
    retiring: tuple[Retiring, ...] = ()
    retried: str = ""  # the seatrial.dev/retry that was acted on, as long as it is there
    promoted: str = ""  # the seatrial.dev/promote that was for a trial that has ended, as long as it is there
    training: TrainingStatus | None = None
    conditions: tuple[Condition, ...] = ()
    changed: Mapping[Type, datetime] | None = None

    @property
    def stage(self) -> Stage:
        """The stage that a user sees."""
        if self.trial is not None:
            return self.trial.stage
        return Stage.IDLE if self.probation is None else Stage.PROBATION
