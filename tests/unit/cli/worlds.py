"""ModelDeployments as the command line meets them: builders of documents, and a cluster in memory that has them."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from seatrial.adapters.kube_kinds import MODEL_API
from seatrial.api import KIND
from seatrial.api.conditions import Condition, Reason, Truth, Type
from seatrial.api.status import Ended, Finding, Probation, Rejected, RevisionRef, Stage, Status, Trial
from seatrial.api.status_document import status_document
from seatrial.controller.cache import Place
from seatrial.ports import AbsentError, ConflictError, Document
from tests.fakes.clock import FakeClock
from tests.fakes.cluster import FakeCluster
from tests.fakes.hooks import Hook, nothing
from tests.unit.api.schema import defaulted

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
STABLE, CANDIDATE, NEXT = (RevisionRef(letter * 10, version, "sha256:0") for letter, version in ("a2", "b3", "c4"))
SERVING = Status(stable=STABLE, replicas=2)
FOUR_STEPS = [{"weight": 1}, {"weight": 5}, {"weight": 25}, {"weight": 50, "approval": "Required"}]


def document(status: Status = SERVING, name: str = "risk", namespace: str = "ml", **changes: Any) -> dict[str, Any]:
    """Return a ModelDeployment that follows a channel, as the API server has it.

    `changes` are `rollout`, `model`, `route` (None: there is no gateway) and `annotations`.
    """
    route = changes.get("route", {"gateway": {"name": "models"}})
    rollout = changes.get("rollout", {"canary": {"steps": FOUR_STEPS}})
    model = changes.get("model", {"store": "s3://models/team", "channel": "latest"})
    metadata = {"namespace": namespace, "name": name, "generation": 1, "resourceVersion": "1"}
    return defaulted(
        {
            "apiVersion": MODEL_API,
            "kind": KIND,
            "metadata": {**metadata, "annotations": dict(changes.get("annotations", {}))},
            "spec": {"model": model, "rollout": rollout, **({"route": route} if route else {})},
            "status": status_document(replace(status, observed_generation=changes.get("observed", 1)), name),
        }
    )


def on_trial(stage: Stage = Stage.CANARY, step: int = 0, held: str = "", reason: str = "", **changes: Any) -> Status:
    """Return the status of a trial of version 3 beside version 2, which began 41 minutes ago."""
    began, since = NOW - 41 * MINUTE, NOW - 3 * MINUTE
    trial = Trial(CANDIDATE, stage, began, since, step, since, held=held, held_reason=reason)
    return replace(SERVING, trial=trial, **changes)


def awaiting(step: int = 3) -> Status:
    """Return the status of a trial whose canary step waits for an approval."""
    return on_trial(step=step, held="waits for an approval of this step", reason="AwaitingApproval", weight=25)


def in_probation() -> Status:
    """Return the status in which version 3 was promoted, and version 2 is still warm."""
    probation = Probation(STABLE, NOW - 41 * MINUTE, NOW - 12 * MINUTE)
    return Status(stable=CANDIDATE, replicas=2, probation=probation, history=(ended("Promoted", minutes=12),))


def ended(outcome: str, of: RevisionRef = CANDIDATE, minutes: int = 5, message: str = "") -> Ended:
    """Return the record of a trial that ended some minutes ago."""
    end = NOW - minutes * MINUTE
    return Ended(of.version, of.revision, outcome, end - 41 * MINUTE, end, message or f"it was {outcome}")


def rejected(of: RevisionRef = CANDIDATE, minutes: int = 5) -> Rejected:
    """Return the entry of a revision that was rejected some minutes ago."""
    return Rejected(of.revision, of.version, NOW - minutes * MINUTE, "errors: Fail")


def rolled_back() -> Status:
    """Return the status after version 3 was rolled back."""
    return replace(SERVING, rejected=(rejected(),), history=(ended("RolledBack"),))


def saying(status: Status, kind: Type, truth: Truth, reason: Reason, message: str) -> Status:
    """Return the status with one more condition."""
    conditions = (*status.conditions, Condition(kind, truth, reason, message))
    return replace(status, conditions=conditions, changed={one.type: NOW for one in conditions})


def finding(verdict: str, check: str = "errors") -> Finding:
    """Return a check's last line."""
    return Finding(check, verdict, "candidate 0/739 (0.0 %) vs stable 0/1,416 (0.0 %)")


class FakeModelDeployments:
    """cli.cluster.ModelDeployments on the cluster in memory, whose watches last no time: `happenings` come one a look.

    `before` may break in before each call.
    """

    def __init__(self, clock: FakeClock) -> None:
        self.namespace = "ml"
        self.before: Hook = nothing
        self.happenings: deque[Callable[[], None]] = deque()
        self._clock, self._cluster = clock, FakeCluster(clock)

    def put(self, document: Document) -> None:
        """Let an object be so, its status too."""
        self._cluster.user_apply(document)
        self._cluster.set_status(_place(document["metadata"]), document["status"])

    def remove(self, namespace: str, name: str) -> None:
        """Delete an object."""
        self._cluster.remove(_place({"namespace": namespace, "name": name}))

    def annotations(self, name: str = "risk") -> dict[str, str]:
        """Return an object's annotations."""
        found: dict[str, str] = self._find("ml", name)["metadata"].get("annotations", {})
        return found

    def read(self, namespace: str, name: str) -> Document:
        """Return an object."""
        self.before("read", (namespace, name))
        return self._find(namespace, name)

    def listing(self, namespace: str | None) -> Iterator[Document]:
        """Yield objects."""
        self.before("listing", (namespace,))
        for found in self._cluster.all(KIND):
            if namespace in (None, found["metadata"]["namespace"]):
                yield found

    def annotate(self, document: Document, annotations: Mapping[str, str | None]) -> None:
        """Merge the annotations into those of an object that is still what it was."""
        self.before("annotate", (document, annotations))
        metadata = document["metadata"]
        live = self._find(metadata["namespace"], metadata["name"])
        if live["metadata"]["resourceVersion"] != metadata["resourceVersion"]:
            raise ConflictError("the object has been modified")
        merged = {**live["metadata"].get("annotations", {}), **annotations}
        kept = {name: value for name, value in merged.items() if value is not None}
        self._cluster.user_apply({**live, "metadata": {**live["metadata"], "annotations": kept}})

    def changes(self, namespace: str, name: str, seconds: float) -> Iterator[Document]:
        """Yield the object as it is, and as it is after each thing that happens meanwhile; then time is over."""
        self.before("changes", (namespace, name, seconds))
        yield self._find(namespace, name)
        while self.happenings:
            self.happenings.popleft()()
            yield self._find(namespace, name)
        self._clock.advance(seconds)

    def _find(self, namespace: str, name: str) -> dict[str, Any]:
        found = self._cluster.find(_place({"namespace": namespace, "name": name}))
        if found is None:
            raise AbsentError(f"there is no ModelDeployment {name} in namespace {namespace}")
        return found


def _place(metadata: Mapping[str, Any]) -> Place:
    return Place(MODEL_API, KIND, metadata["namespace"], metadata["name"])
