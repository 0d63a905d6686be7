"""A ModelDeployment as a person looks at it, read from its document."""

from collections.abc import Mapping
from dataclasses import dataclass

from seatrial.api import requests
from seatrial.api.conditions import Condition, Reason, Truth, Type
from seatrial.api.spec import Approval
from seatrial.api.status import RevisionRef, Status
from seatrial.api.status_document import read_status
from seatrial.contract.reading import Reader
from seatrial.ports import Document

REQUESTS = (requests.PROMOTE, requests.ABORT, requests.RETRY)


@dataclass(frozen=True, slots=True)
class Step:
    """A canary step: its weight in percent, and whether it waits for an approval."""

    weight: int
    approval: bool


@dataclass(frozen=True, slots=True)
class ModelDeployment:
    """One object, as it was read. `wanted` is the version that the spec names, None where a channel does.

    `annotations` are those that count: not a promotion that was for an earlier trial.
    """

    document: Document
    namespace: str
    name: str
    version: str  # of the object: its resourceVersion
    annotations: Mapping[str, str]
    wanted: str | None
    channel: str | None
    routed: bool  # a gateway splits the traffic, not the number of pods
    shadowed: bool  # a trial has a shadow stage
    steps: tuple[Step, ...]
    probation: str  # how long the spec lets one last
    paused: bool
    is_observed: bool  # the status is about this spec
    status: Status

    @property
    def arguments(self) -> str:
        """How another command names it: `risk -n ml`."""
        return f"{self.name} -n {self.namespace}"

    @property
    def tried(self) -> RevisionRef | None:
        """The revision that is on trial, or was promoted and is in its probation."""
        if self.status.trial is not None:
            return self.status.trial.candidate
        return self.status.stable if self.status.probation is not None else None

    @property
    def held_reason(self) -> str:
        """The reason (one word) for which the trial waits for a person; empty where it does not."""
        return self.status.trial.held_reason if self.status.trial is not None else ""

    @property
    def awaited(self) -> int | None:
        """The weight (percent) of the canary step that waits for an approval; None where none does."""
        trial = self.status.trial
        if trial is None or self.held_reason != Reason.AWAITING_APPROVAL or trial.step >= len(self.steps):
            return None
        return self.steps[trial.step].weight

    @property
    def needs(self) -> str:
        """The reason (one word) for which it waits for a person; empty where it does not."""
        stalled = self.condition(Type.STALLED)
        return self.held_reason or (stalled.reason if stalled is not None and stalled.status is Truth.TRUE else "")

    def condition(self, kind: Type) -> Condition | None:
        """Return a condition."""
        return next((one for one in self.status.conditions if one.type is kind), None)

    def is_approved(self, revision: str, weight: int | None) -> bool:
        """Say whether its step of this weight was approved, or (whatever the weight) its promotion asked for."""
        approved = weight is not None and requests.approves(self.annotations, revision, weight)
        return approved or requests.promotes(self.annotations, revision)

    def is_aborted(self, revision: str) -> bool:
        """Say whether it was asked not to try a revision."""
        return requests.aborts(self.annotations, revision)

    def without_requests(self, revision: str) -> dict[str, str | None]:
        """Return what takes every request about a revision away: a new one stands alone."""
        there = self.document["metadata"].get("annotations") or {}
        asked = {name: there.get(name, "").partition("/")[0] for name in REQUESTS}
        return {name: None for name, about in asked.items() if about == revision}


def read_model_deployment(document: Document) -> ModelDeployment:
    """Return what a document says; raises DocumentError where it is no ModelDeployment."""
    reader = Reader("ModelDeployment", document)
    metadata, spec = reader.object("metadata"), reader.object("spec")
    model, rollout = spec.object("model"), spec.object("rollout", optional=True)
    read = read_status(document.get("status"))
    return ModelDeployment(
        document=document,
        namespace=metadata.text("namespace"),
        name=metadata.text("name"),
        version=metadata.text("resourceVersion"),
        annotations=requests.unspent(_texts(metadata.object("annotations", optional=True)), read.promoted),
        wanted=model.text("version", "") or None,
        channel=model.text("channel", "") or None,
        routed=spec.raw("route") is not None,
        shadowed=rollout.object("shadow", optional=True).flag("enabled", default=True),
        steps=_steps(rollout),
        probation=rollout.text("probation", ""),
        paused=rollout.flag("paused", default=False),
        is_observed=read.observed_generation >= metadata.integer("generation", 0),
        status=read,
    )


def named(ref: RevisionRef) -> str:
    """Return a revision as people read it."""
    return f"version {ref.version} (revision {ref.revision})"


def _texts(reader: Reader) -> dict[str, str]:
    return {name: reader.text(name) for name in reader.fields()}


def _steps(rollout: Reader) -> tuple[Step, ...]:
    """Read the canary's steps; their defaults the API server has filled in."""
    canary = rollout.object("canary", optional=True)
    if not canary.flag("enabled", default=True):
        return ()
    steps = canary.objects("steps")
    return tuple(Step(step.integer("weight"), step.text("approval", "") == Approval.REQUIRED) for step in steps)
