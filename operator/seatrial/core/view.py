"""What a condition is made of."""

from dataclasses import dataclass

from seatrial.api import requests
from seatrial.api.conditions import Reason
from seatrial.api.spec import Spec
from seatrial.api.status import RevisionRef, Status
from seatrial.core.compared import judged, judged_since
from seatrial.core.observed import Observed, Pods, Unknown
from seatrial.core.stages import NO_PODS, pods_of
from seatrial.core.target import wanted_recipe
from seatrial.core.traffic import FULL
from seatrial.judge.verdict import Verdict, one_line

MUDDLED = f"neither {requests.ABORT} nor {requests.PROMOTE} names that revision any more: remove them"


@dataclass(frozen=True, slots=True)
class View:
    """What a condition may look at: the world, and the status that was decided."""

    observed: Observed
    status: Status

    @property
    def spec(self) -> Spec | None:
        """The spec; where it is not valid the last that was, None where nobody knows it."""
        return self.observed.last_spec if isinstance(self.observed.spec, Unknown) else self.observed.spec

    @property
    def lacks_service(self) -> str:
        """Why the Service that callers use could not be written; empty with a route: they use the gateway."""
        name, by_gateway = self.observed.key.name, self.spec is None or self.spec.route is not None
        if by_gateway or ("v1", "Service", name) in self.observed.objects:
            return ""
        return self.observed.refused.get(("Service", name), "")

    @property
    def not_tried(self) -> str:
        """Why the wanted version is not tried, or not again; empty where nothing keeps it from being tried."""
        wanted, annotations = wanted_recipe(self.observed), self.observed.annotations
        if isinstance(wanted, Unknown):
            return ""
        found = [one for one in self.status.rejected if one.revision == wanted.revision]
        if found and requests.is_muddled(annotations, wanted.revision):
            return f"version {wanted.version} was rejected; {requests.RETRY} waits until {MUDDLED}"
        if found:
            return f"version {wanted.version} was rejected and is not tried again: {found[-1].message}"
        aborted = requests.aborts(annotations, wanted.revision)
        return f"version {wanted.version} is not tried: the annotation {requests.ABORT} names it" if aborted else ""

    @property
    def not_judged(self) -> str:
        """What nobody judges because no valid spec is known; empty where one is, or where nothing is to be judged."""
        tried, status = judged(self.status), self.status
        if self.spec is not None or judged_since(status) is None or tried is None:
            return ""
        weight = FULL if status.trial is None else status.weight
        return f"until then version {tried.version}, which has {weight} % of the traffic, is not judged"

    @property
    def unrecorded(self) -> str:
        """Why the store does not remember what serves, where a person must mend it; empty where it does."""
        record = self.observed.serving
        if not isinstance(record, Unknown) or record.reason is not Reason.INVALID_MANIFEST:
            return ""
        return f"the store does not remember it: {record.message}; delete the record"

    @property
    def misunderstood(self) -> str:
        """What was asked for in words that name no revision; empty where nothing was."""
        return "; ".join(requests.misunderstood(self.observed.annotations))

    @property
    def failed_probation(self) -> str:
        """Why the promoted version should go; empty where it need not, or has gone."""
        failed = [one for one in self.status.findings if one.verdict == Verdict.FAIL]
        lines = [one_line(one.check, one.verdict, one.message) for one in failed]
        return "; ".join(lines) if self.status.probation is not None else ""

    @property
    def waits_to_revert(self) -> str:
        """What a promoted version that failed waits for; empty where there is none, or nothing to wait for."""
        probation, failed = self.status.probation, self.failed_probation
        if probation is None or not failed or self.previous.available > 0:
            return ""
        trouble = self.previous.trouble or "none is available"
        waits = f"waits for a pod of version {probation.previous.version} that can take the traffic back: {trouble}"
        return f"{waits}; {failed}"

    @property
    def previous(self) -> Pods:
        """The pods of the revision that stays warm in a probation."""
        return self.pods(self.status.probation.previous if self.status.probation is not None else None)

    def pods(self, ref: RevisionRef | None) -> Pods:
        """The pods of a revision."""
        return NO_PODS if ref is None else pods_of(self.observed, ref.revision)
