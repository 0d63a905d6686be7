"""A ModelDeployment as a person looks at it, read from its document.

It is read for people: a reason that only a newer operator knows is shown as it stands.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from seatrial.api.conditions import Condition, Truth, Type
from seatrial.api.requests import PROMOTE, promote_value
from seatrial.api.status import RevisionRef, Status
from seatrial.api.status_document import read_status
from seatrial.contract.reading import Reader
from seatrial.ports import Document

AWAITING_APPROVAL = "AwaitingApproval"
_REQUIRED = "Required"


@dataclass(frozen=True, slots=True)
class Step:
    """A canary step: its weight in percent, and whether it waits for an approval."""

    weight: int
    approval: bool


@dataclass(frozen=True, slots=True)
class ModelDeployment:
    """One object, as it was read. `wanted` is the version that the spec names, None where a channel does."""

    document: Document
    namespace: str
    name: str
    annotations: Mapping[str, str]
    wanted: str | None
    channel: str | None
    steps: tuple[Step, ...]
    paused: bool
    is_observed: bool  # the status is about this spec
    status: Status
    held_reason: str

    @property
    def version(self) -> str:
        """The object's resourceVersion."""
        return str(self.document["metadata"]["resourceVersion"])

    @property
    def place(self) -> str:
        """How another command names it: `risk -n ml`."""
        return f"{self.name} -n {self.namespace}"

    @property
    def tried(self) -> RevisionRef | None:
        """The revision that is on trial, or was promoted and is in its probation."""
        if self.status.trial is not None:
            return self.status.trial.candidate
        return self.status.stable if self.status.probation is not None else None

    @property
    def awaited(self) -> int | None:
        """The weight (percent) of the canary step that waits for an approval; None where none does."""
        trial = self.status.trial
        if trial is None or self.held_reason != AWAITING_APPROVAL or trial.step >= len(self.steps):
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

    def is_promoted(self, revision: str, weight: int | None) -> bool:
        """Say whether its promotion, or the approval of this weight or a higher one, was asked for already."""
        higher = [step.weight for step in self.steps if weight is not None and step.weight >= weight]
        return self.annotations.get(PROMOTE) in {promote_value(revision, each) for each in (None, *higher)}

    def names(self, annotation: str, revision: str) -> bool:
        """Say whether an annotation is about a revision."""
        return self.annotations.get(annotation, "").partition("/")[0] == revision


def read_model_deployment(document: Document) -> ModelDeployment:
    """Return what a document says; raises DocumentError where it is no ModelDeployment."""
    reader = Reader("ModelDeployment", document)
    metadata, spec = reader.object("metadata"), reader.object("spec")
    model, rollout = spec.object("model"), spec.object("rollout", optional=True)
    status = reader.object("status", optional=True)
    read = read_status(document.get("status"))
    return ModelDeployment(
        document=document,
        namespace=metadata.text("namespace"),
        name=metadata.text("name"),
        annotations=_texts(metadata.object("annotations", optional=True)),
        wanted=model.text("version", "") or None,
        channel=model.text("channel", "") or None,
        steps=_steps(rollout),
        paused=rollout.flag("paused", default=False),
        is_observed=read.observed_generation >= metadata.integer("generation", 0),
        status=read,
        held_reason=status.object("trial").text("heldReason", "") if read.trial is not None else "",
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
    return tuple(Step(step.integer("weight"), step.text("approval", "") == _REQUIRED) for step in steps)
