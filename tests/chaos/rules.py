"""What must hold of one ModelDeployment at every moment, by what the API server says of it and its Deployments."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from seatrial.api.parse import parse_spec
from seatrial.api.spec import Spec
from seatrial.api.status import Status
from seatrial.api.status_document import read_status
from seatrial.core.replicas import share_replicas
from tests.chaos.versions import BAD, GOOD
from tests.given import observed

Document = Mapping[str, Any]
OPERATOR = "seatrial"  # as which it writes
# Seconds until another operator works where one was killed: its Lease runs out after 15, and pods start slowly here.
UNTIL_ANOTHER = 45.0
BY_A_PERSON = "aborted by the annotation"  # how a rejection begins that a person asked for


@dataclass(frozen=True, slots=True)
class Look:
    """A ModelDeployment, and its predictors' Deployments by revision, at a moment."""

    document: Document
    deployments: Mapping[str, Document]

    @property
    def spec(self) -> Spec:
        """What the user wants."""
        return parse_spec(self.document["metadata"]["name"], self.document["spec"])

    @property
    def status(self) -> Status:
        """What the operator says."""
        return read_status(self.document.get("status"))

    @property
    def annotations(self) -> Mapping[str, str]:
        """What people ask for."""
        found: Mapping[str, str] = self.document["metadata"].get("annotations") or {}
        return found


@dataclass(frozen=True, slots=True)
class Rule:
    """`broken` says what is wrong, empty where nothing is; that may last `patience` seconds, as two watches differ."""

    name: str
    broken: Callable[[Look], str]
    patience: float = 0.0


def bad_version_serves(look: Look) -> str:
    """No version that the checks can see to be bad becomes stable."""
    stable = look.status.stable
    return f"version {stable.version} is stable" if stable is not None and stable.version in BAD else ""


def good_version_rejected(look: Look) -> str:
    """No healthy version is rejected, whatever happens around it, unless a person aborts it."""
    wrong = [one for one in look.status.rejected if one.version in GOOD and not one.message.startswith(BY_A_PERSON)]
    return "; ".join(f"version {one.version} ({one.revision}) is rejected: {one.message}" for one in wrong)


def spec_written(look: Look) -> str:
    """The spec is the user's alone."""
    fields = look.document["metadata"].get("managedFields") or ()
    writes = any(one.get("manager") == OPERATOR and "f:spec" in (one.get("fieldsV1") or {}) for one in fields)
    return "the operator has written spec" if writes else ""


def stable_without_pods(look: Look) -> str:
    """What serves has a pod: nobody takes its last one away, so one can run."""
    stable = look.status.stable
    if stable is None or look.spec.serving.replicas == 0:
        return ""
    deployment = look.deployments.get(stable.revision)
    ready = 0 if deployment is None else (deployment.get("status") or {}).get("readyReplicas", 0)
    return "" if ready else f"version {stable.version} is stable, and revision {stable.revision} has no ready pod"


def too_many_pods(look: Look) -> str:
    """Never more pods than stable, the candidate at its weight, and one; revisions that retire keep theirs a while."""
    wanted = {revision: one["spec"].get("replicas", 1) for revision, one in look.deployments.items()}
    most = most_pods(look.spec, look.status, look.annotations, wanted)
    return f"{sum(wanted.values())} pods, {most} may be: {wanted}" if sum(wanted.values()) > most else ""


def most_pods(spec: Spec, status: Status, annotations: Mapping[str, str], wanted: Mapping[str, int]) -> int:
    """Return how many predictor pods there may be; `wanted` are each revision's."""
    asked, retiring = spec.serving.replicas, sum(wanted.get(one.revision, 0) for one in status.retiring)
    if status.trial is not None and status.stable is not None:
        world = replace(observed(of=spec), status=status, annotations=annotations)
        return asked + max(share_replicas(world, spec, status, status.trial) + 1, retiring)
    warm = 2 if status.probation is not None else 1
    return warm * asked + retiring


RULES = (
    Rule("no bad version serves", bad_version_serves),
    Rule("no good version is rejected", good_version_rejected),
    Rule("the spec is the user's", spec_written),
    Rule("stable has pods", stable_without_pods, patience=2.0),
    Rule("there are no more pods than needed", too_many_pods, patience=UNTIL_ANOTHER),
)


class Watchdog:
    """Looks again and again by all rules, and tells each breach once."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}
        self._told: set[str] = set()

    def look(self, look: Look, now: float) -> list[str]:
        """Return what is newly broken at `now`, in seconds of any clock."""
        found = {rule: rule.broken(look) for rule in RULES}
        for rule in (rule for rule, broken in found.items() if not broken):
            self._since.pop(rule.name, None)
        return [line for rule, broken in found.items() if broken and (line := self._breach(rule, broken, now))]

    def _breach(self, rule: Rule, broken: str, now: float) -> str:
        since, line = self._since.setdefault(rule.name, now), f"{rule.name}: {broken}"
        if now - since < rule.patience or line in self._told:
            return ""
        self._told.add(line)
        return line
