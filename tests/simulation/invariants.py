"""What must hold at every decision and at every write, whatever fails."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from seatrial.api import KIND
from seatrial.api.spec import Spec
from seatrial.api.status import RevisionRef, Status
from seatrial.contract import labels
from seatrial.contract.training import Request
from seatrial.controller.cache import Place
from seatrial.core.decide import decide
from seatrial.core.decision import Decision
from seatrial.core.moves import Outcome
from seatrial.core.news import new_endings
from seatrial.core.observed import Observed, Unknown
from seatrial.core.replicas import share_replicas
from seatrial.core.stages import going, kept, pods_of
from seatrial.core.target import awaited
from seatrial.core.training import TOKEN
from tests.simulation.people import People
from tests.simulation.versions import BAD, Quality

Document = Mapping[str, Any]
UNTRIED = ("promoted by the annotation", "it served before")  # how the ends of such trials begin


class Watchdog:
    """Decides as the operator does, and looks at each decision: `broken` is what did not hold, `log` what happened."""

    def __init__(
        self, people: People, now: Callable[[], float], gets_traffic: Callable[[str], bool], *, times: bool
    ) -> None:
        self.broken: list[str] = []
        self.log: list[str] = []
        self.passes = 0
        self._people, self._now, self._gets_traffic, self._times = people, now, gets_traffic, times
        self._recorded = ""
        self._jobs: dict[str, tuple[tuple[str, str, str], float]] = {}
        self._decided: dict[str, float] = {}  # when each Job was first decided, however late it could be made

    def decide(self, observed: Observed, now: datetime) -> Decision:
        """Return the decision."""
        self.passes += 1
        decision = decide(observed, now)
        self._narrate(observed, decision)
        for job in (one for one in decision.objects if one["kind"] == "Job"):
            self._decided.setdefault(job["metadata"]["name"], self._now())
        self._nothing_of_the_users(decision)
        self._no_bad_version_replaces_a_good_one(observed.status, decision.status)
        self._no_good_version_is_rejected(observed.status, decision.status)
        self._what_is_promoted_had_its_weight(observed, decision.status)
        self._traffic_goes_to_pods(observed, decision.status)
        self._traffic_is_what_status_says(observed, decision)
        self._runs_what_is_kept_up(observed, decision)
        self._adds_no_more_pods_than_it_may(observed, decision)
        return decision

    def raised(self, error: Exception) -> None:
        """Look at what ended a pass that neither the cluster nor the store did."""
        self._break(f"a pass ended with {error!r}")

    def did(self, call: str, arguments: tuple[Any, ...]) -> None:
        """Look at what was done."""
        if call == "apply" and arguments[0]["kind"] == KIND:
            self._break("the operator applied the ModelDeployment")
        if call == "delete" and self._gets_traffic(arguments[0]["metadata"]["name"]):
            self._break(f"{arguments[0]['kind']} {arguments[0]['metadata']['name']} gets traffic, and is deleted")
        if call == "write_serving":
            self._recorded = arguments[3].version

    def trains(self, name: str, uid: str, request: Request, cooldown: float) -> None:
        """Look at a Job that was made for the ModelDeployment with this uid."""
        if name in self._jobs:
            return
        token = request.detail if request.trigger == TOKEN else ""
        reason = (f"{uid}, status {self._people.lost}", request.trigger, token)
        decided = self._decided[name]
        for other, (why, at) in self._jobs.items():
            if why == reason and (request.trigger == TOKEN or decided - at < cooldown - 1):
                self._break(f"Jobs {other} and {name} are for one reason: {reason}")
        self._jobs[name] = (reason, decided)

    def quality(self, ref: RevisionRef) -> Quality:
        """Return what a version is like."""
        return self._people.qualities.get(ref.version, Quality.GOOD)

    def is_bad(self, ref: RevisionRef) -> bool:
        """Say whether the checks of this world can find out that a version is bad."""
        quality = self.quality(ref)
        seen = {Quality.SLOW: self._times, Quality.DISAGREES: self._people.always_shadowed}
        return quality in BAD and seen.get(quality, True)

    def _nothing_of_the_users(self, decision: Decision) -> None:
        for document in decision.objects:
            if document["kind"] == KIND:
                self._break("a decision writes the ModelDeployment")

    def _no_bad_version_replaces_a_good_one(self, before: Status, after: Status) -> None:
        if after.stable is None or before.stable == after.stable:
            return
        earlier = before.stable.version if before.stable is not None else self._recorded
        if self._people.qualities.get(earlier) is Quality.GOOD and self.is_bad(after.stable):
            self._break(f"version {after.stable.version}, {self.quality(after.stable)}, is stable")

    def _no_good_version_is_rejected(self, before: Status, after: Status) -> None:
        for one in after.rejected:
            quality = self._people.qualities.get(one.version)
            aborted = one.message.startswith("aborted by the annotation")
            if one not in before.rejected and quality is Quality.GOOD and not aborted:
                self._break(f"version {one.version}, which is good, is rejected: {one.message}")

    def _what_is_promoted_had_its_weight(self, observed: Observed, after: Status) -> None:
        before, spec = observed.status, observed.spec
        endings = [one for one in new_endings(before, after) if not one.message.startswith(UNTRIED)]
        promoted = [one for one in endings if one.outcome == Outcome.PROMOTED]
        routed = isinstance(spec, Spec) and spec.route is not None and spec.rollout.canary is not None
        if promoted and before.stable is not None and routed:
            weights = observed.route.weights if observed.route is not None else {}
            if weights.get(f"{self._people.key.name}-{promoted[0].revision}") != before.weight:
                self._break(f"version {promoted[0].version} is promoted with {weights} in the route")

    def _traffic_goes_to_pods(self, observed: Observed, after: Status) -> None:
        had, has = _shares(observed.status), _shares(after)
        gained = [revision for revision, share in has.items() if share > had.get(revision, 0)]
        lost = [revision for revision, share in had.items() if share > has.get(revision, 0)]
        if any(pods_of(observed, revision).available for revision in lost):
            for revision in gained:
                if not pods_of(observed, revision).available:
                    self._break(f"traffic goes to revision {revision}, which has no pods")
        empty = [revision for revision, share in has.items() if share and not pods_of(observed, revision).available]
        if after.trial is not None and empty == [after.trial.candidate.revision]:
            self._break(f"traffic stays with revision {empty[0]}, which has no pods")

    def _traffic_is_what_status_says(self, observed: Observed, decision: Decision) -> None:
        """By the objects themselves: the route's weights, or the pods that the Service chooses."""
        said = {f"{self._people.key.name}-{one}": share for one, share in _shares(decision.status).items() if share}
        for document in decision.objects:
            if document["kind"] == "HTTPRoute":
                backends = document["spec"]["rules"][0]["backendRefs"]
                found = {one["name"]: one["weight"] for one in backends if one["weight"]}
                if found != said:
                    self._break(f"the route has {found}, the status {said}")
            if document["kind"] == "Service" and document["metadata"]["name"] == self._people.key.name:
                shared = labels.REVISION not in document["spec"]["selector"]
                if shared and (len(said) < 2 or going(observed, decision.status)):
                    self._break("the Service chooses pods that should get nothing")

    def _runs_what_is_kept_up(self, observed: Observed, decision: Decision) -> None:
        served = awaited(observed)
        revisions = [ref.revision for ref in kept(decision.status)] + ([served.revision] if served is not None else [])
        wanted = {f"{self._people.key.name}-{revision}" for revision in revisions}
        made = {one["metadata"]["name"] for one in decision.objects if one["kind"] == "Deployment"}
        if not made <= wanted | {f"{self._people.key.name}-collector"}:
            self._break(f"Deployments {made - wanted} run for nothing")

    def _adds_no_more_pods_than_it_may(self, observed: Observed, decision: Decision) -> None:
        """Stable, the candidate at its weight, and one."""
        status, spec, trial = decision.status, observed.spec, decision.status.trial
        if trial is None or status.stable is None or isinstance(spec, Unknown):
            return
        told = {one["metadata"]["name"]: one for one in decision.objects if one["kind"] == "Deployment"}
        told.pop(f"{self._people.key.name}-collector", None)
        wanted = {name: one["spec"]["replicas"] for name, one in told.items()}
        candidate, stable = (f"{self._people.key.name}-{one.revision}" for one in (trial.candidate, status.stable))
        others = sum(pods.wanted for pods in going(observed, status).values())
        more = wanted.get(candidate, 0) > pods_of(observed, trial.candidate.revision).wanted
        most = wanted.get(stable, 0) + share_replicas(observed, spec, status, trial) + 1
        if more and sum(wanted.values()) + others > most:
            self._break(f"{wanted} and {others} that go are more than {most} pods")

    def _narrate(self, observed: Observed, decision: Decision) -> None:
        for ended in new_endings(observed.status, decision.status):
            self.log.append(f"{self._now():7.1f} version {ended.version} {ended.outcome}: {ended.message}")
        before, after = observed.status, decision.status
        if (before.stage, before.weight, before.stable) != (after.stage, after.weight, after.stable):
            stable = after.stable.version if after.stable is not None else "nothing"
            candidate = f" {after.trial.candidate.version}" if after.trial is not None else ""
            self.log.append(f"{self._now():7.1f} {stable} serves; {after.stage}{candidate} {after.weight} %")

    def _break(self, what: str) -> None:
        self.broken.append(f"{self._now():7.1f} {what}")
        self.log.append(f"{self._now():7.1f} BROKEN: {what}")


def _shares(status: Status) -> dict[str, int]:
    """Return who gets which part of the traffic, by what status says."""
    if status.stable is None:
        return {}
    shares = {status.stable.revision: 100}
    if status.trial is not None:
        shares = {status.trial.candidate.revision: status.weight, status.stable.revision: 100 - status.weight}
    return shares


def expected_places(people: People, status: Status) -> set[Place]:
    """Return all that may be there when everything has settled."""
    key = people.key
    if status.stable is None:
        return set()
    name = f"{key.name}-{status.stable.revision}"
    kinds = [
        ("apps/v1", "ControllerRevision"),
        ("v1", "Service"),
        ("policy/v1", "PodDisruptionBudget"),
        ("apps/v1", "Deployment"),
    ]
    places = {Place(api, kind, key.namespace, name) for api, kind in kinds}
    places.add(Place("v1", "Service", key.namespace, key.name))
    if "route" in people.spec:
        places.add(Place("gateway.networking.k8s.io/v1", "HTTPRoute", key.namespace, key.name))
    return places
