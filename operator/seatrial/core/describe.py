"""The conditions, one function each, all of them at every reconcile."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from seatrial.api.conditions import Condition, Reason, Truth, Type, condition
from seatrial.api.quantities import how_many
from seatrial.api.spec import Spec
from seatrial.api.status import RevisionRef, Stage, Status
from seatrial.contract.names import natural_order
from seatrial.contract.training import PASSED, REJECTED
from seatrial.core.moves import Outcome
from seatrial.core.observed import Observed, Pods, Unknown, is_refusal
from seatrial.core.stages import NO_PODS, pods_of
from seatrial.core.target import awaited, cannot_tell, wanted_recipe


@dataclass(frozen=True, slots=True)
class View:
    """What a condition may look at: the world, and the status that was decided."""

    observed: Observed
    status: Status

    @property
    def spec(self) -> Spec | None:
        """The spec, None where it is not valid."""
        return None if isinstance(self.observed.spec, Unknown) else self.observed.spec

    @property
    def lacks_service(self) -> str:
        """Why the Service that callers use could not be written; empty with a route: they use the gateway."""
        name, by_gateway = self.observed.key.name, self.spec is None or self.spec.route is not None
        if by_gateway or ("v1", "Service", name) in self.observed.objects:
            return ""
        return self.observed.refused.get(("Service", name), "")

    def pods(self, ref: RevisionRef | None) -> Pods:
        """The pods of a revision."""
        return NO_PODS if ref is None else pods_of(self.observed, ref.revision)


def ready(view: View) -> Condition:
    """Does a version serve?"""
    stable, pods = view.status.stable, view.pods(view.status.stable)
    if stable is None:
        return condition(Type.READY, False, Reason.NO_VERSION_SERVES, _nothing_serves(view))
    if pods.available > 0 and view.lacks_service:
        message = f"version {stable.version} has pods, and no Service: {view.lacks_service}"
        return condition(Type.READY, False, Reason.APPLY_FAILED, message)
    if pods.available > 0:
        message = f"version {stable.version} serves on {how_many(pods.available, 'pod')}{_rejected(view)}"
        return condition(Type.READY, True, Reason.SERVING, message)
    if view.spec is not None and view.spec.serving.replicas == 0:
        return condition(Type.READY, True, Reason.SCALED_TO_ZERO, "spec.serving.replicas is 0")
    trouble = pods.trouble or "none is available"
    return condition(Type.READY, False, Reason.PODS_NOT_READY, f"pods of version {stable.version}: {trouble}")


def reconciling(view: View) -> Condition:
    """Is something on its way? Not what waits for a person: kstatus would wait for ever."""
    trial, status, waits = view.status.trial, view.status, stalled(view)
    if waits.status is Truth.TRUE:
        return condition(Type.RECONCILING, False, Reason.HELD, waits.message)
    if trial is not None:
        reason = Reason.STARTING if status.stable is None else Reason.ON_TRIAL
        message = f"version {trial.candidate.version}: {trial.stage.value}" + (f"; {trial.held}" if trial.held else "")
        return condition(Type.RECONCILING, True, reason, message)
    if status.stable is None:
        return condition(Type.RECONCILING, True, Reason.STARTING, _nothing_serves(view))
    route = route_ready(view)
    if route.reason is Reason.WAITING_FOR_GATEWAY:
        return condition(Type.RECONCILING, True, route.reason, route.message)
    return condition(Type.RECONCILING, False, Reason.SETTLED, "nothing is on its way")


def stalled(view: View) -> Condition:
    """Does it need a person?"""
    if isinstance(view.observed.spec, Unknown):
        return condition(Type.STALLED, True, Reason.INVALID_SPEC, view.observed.spec.message)
    if view.observed.failure:
        return condition(Type.STALLED, True, Reason.APPLY_FAILED, view.observed.failure)
    if doubt := _doubt(view):
        return condition(Type.STALLED, True, Reason.STATUS_DOUBTFUL, doubt)
    trial = view.status.trial
    if trial is not None and trial.held_reason:
        return condition(Type.STALLED, True, Reason(trial.held_reason), trial.held)
    if isinstance(view.observed.target, Unknown) and view.observed.target.reason is not Reason.STORE_UNREACHABLE:
        return condition(Type.STALLED, True, view.observed.target.reason, view.observed.target.message)
    if view.status.stable is None and (refused := _refused(view)):
        return condition(Type.STALLED, True, Reason.ARTIFACT_REFUSED, refused)
    route = route_ready(view)
    if route.status is Truth.FALSE:
        return condition(Type.STALLED, True, route.reason, route.message)
    return condition(Type.STALLED, False, Reason.NOT_STALLED, "no person is needed")


def _doubt(view: View) -> str:
    """Say why what status names as stable serves for want of anything better; empty where it is believed."""
    named = (
        f"status names revision {view.status.stable.revision if view.status.stable else ''} as stable, which cannot be"
    )
    if view.status.stable is not None and cannot_tell(view.observed):
        return (
            f"{named}, and neither the store's serving record nor the history says what is: nothing is changed; write"
            " the right revision into status.stable"
        )
    if (served := awaited(view.observed)) is not None:
        trouble = pods_of(view.observed, served.revision).trouble or "none is available yet"
        return f"{named}; version {served.version} takes over as soon as its pods are available: {trouble}"
    return ""


def artifact_verified(view: View) -> Condition:
    """Is the wanted version what its digests promise?"""
    target = view.observed.target
    if isinstance(target, Unknown):
        unsure = target.reason in (Reason.STORE_UNREACHABLE, Reason.INVALID_SPEC)
        return condition(Type.ARTIFACT_VERIFIED, None if unsure else False, target.reason, target.message)
    if refused := _refused(view):
        return condition(Type.ARTIFACT_VERIFIED, False, Reason.ARTIFACT_REFUSED, refused)
    return condition(
        Type.ARTIFACT_VERIFIED, True, Reason.VERIFIED, f"version {target.version}, manifest {target.digest}"
    )


def route_ready(view: View) -> Condition:
    """Has the gateway taken the route?"""
    route = view.observed.route
    if view.spec is None or view.spec.route is None:
        return condition(Type.ROUTE_READY, None, Reason.NO_ROUTE, "spec.route is not set: the Service has the traffic")
    if route is None or route.accepted is None:
        message = route.message if route is not None else _no_route(view)
        return condition(Type.ROUTE_READY, None, Reason.WAITING_FOR_GATEWAY, message)
    reason = Reason.ACCEPTED if route.accepted else Reason.NOT_ACCEPTED
    return condition(Type.ROUTE_READY, route.accepted, reason, route.message)


def rollout_succeeded(view: View) -> Condition:
    """How did the last trial end, or how does it stand?"""
    kind, status, trial = Type.ROLLOUT_SUCCEEDED, view.status, view.status.trial
    if trial is not None:
        reason = {Stage.SHADOW: Reason.SHADOWING, Stage.CANARY: Reason.CANARYING}.get(trial.stage, Reason.ON_TRIAL)
        return condition(kind, None, reason, f"version {trial.candidate.version} is on trial")
    if not status.history:
        return condition(kind, None, Reason.NEVER_TRIED, "no version was tried yet")
    last = status.history[-1]
    message = f"version {last.version}: {last.message}"
    if last.outcome == Outcome.PROMOTED:
        reason = Reason.PROMOTED if status.probation is None else Reason.IN_PROBATION
        return condition(kind, True, reason, message)
    return condition(kind, False, Reason(last.outcome), message)


def drifted(view: View) -> Condition:
    """Has the world moved away from what the serving version was trained on?"""
    watch = None if view.spec is None else view.spec.monitoring.drift
    found = _alert(view, Type.DRIFTED, "drift", None if watch is None else watch.window)
    if isinstance(found, Condition):
        return found
    if found:
        return condition(Type.DRIFTED, True, Reason.DRIFT_FIRING, found)
    return condition(Type.DRIFTED, False, Reason.NO_DRIFT, "no drift alert fires (no traffic is no drift either)")


def accuracy_met(view: View) -> Condition:
    """Is the serving version right often enough?"""
    if view.observed.is_regression and view.spec is not None and view.spec.monitoring.accuracy is not None:
        message = "spec.monitoring.accuracy counts right answers: of a regression there are none to count"
        return condition(Type.ACCURACY_MET, None, Reason.NOT_WATCHED, message)
    watch = None if view.spec is None else view.spec.monitoring.accuracy
    found = _alert(view, Type.ACCURACY_MET, "accuracy", None if watch is None else watch.window)
    if isinstance(found, Condition):
        return found
    if found:
        return condition(Type.ACCURACY_MET, False, Reason.ACCURACY_BELOW, found)
    return condition(Type.ACCURACY_MET, True, Reason.ACCURACY_ENOUGH, "no accuracy alert fires")


def training_succeeded(view: View) -> Condition:
    """How did the last training end?"""
    kind, last = Type.TRAINING_SUCCEEDED, view.status.training
    if view.spec is not None and view.spec.training is None:
        return condition(kind, None, Reason.NOT_CONFIGURED, "spec.training is not set")
    if last is None:
        return condition(kind, None, Reason.NOT_TRAINED, "no trigger has fired yet")
    if not last.outcome:
        job = view.observed.jobs.get(last.job)
        trouble = f"; its pod: {job.trouble}" if job is not None and job.trouble else ""
        message = f"Job {last.job} runs ({last.trigger}: {last.detail}){trouble}"
        return condition(kind, None, Reason.TRAINING_STARTED, message)
    reasons = {PASSED: Reason.TRAINING_PASSED, REJECTED: Reason.TRAINING_REJECTED}
    reason = reasons.get(last.outcome, Reason.TRAINING_FAILED)
    message = f"version {last.version}: {last.message}" if last.version else last.message
    return condition(kind, last.outcome == PASSED, reason, message)


def update_available(view: View) -> Condition:
    """Is there a newer version than the one that the spec names?"""
    newest, spec = view.observed.newest, view.spec
    named = spec.model.version if spec is not None else None
    rejected = {one.version for one in view.status.rejected}
    newer = newest is not None and named is not None and natural_order(newest) > natural_order(named)
    if newer and newest not in rejected:
        message = f"version {newest} is newer and failed no gate; spec.model.version is {named}"
        return condition(Type.UPDATE_AVAILABLE, True, Reason.NEWER_VERSION, message)
    message = f"version {newest} is newer, and was rejected here" if newer else "no newer version is known"
    return condition(Type.UPDATE_AVAILABLE, False, Reason.UP_TO_DATE, message)


CONDITIONS: tuple[Callable[[View], Condition], ...] = (
    ready,
    reconciling,
    stalled,
    artifact_verified,
    route_ready,
    rollout_succeeded,
    drifted,
    accuracy_met,
    training_succeeded,
    update_available,
)


def conditions(observed: Observed, status: Status) -> tuple[Condition, ...]:
    """Return every condition."""
    view = View(observed, status)
    return tuple(describe(view) for describe in CONDITIONS)


def changed(before: Status, after: tuple[Condition, ...], now: datetime) -> Mapping[Type, datetime]:
    """Return when each condition last changed its status."""
    known = {c.type: c.status for c in before.conditions}
    times = before.changed or {}
    return {c.type: times.get(c.type, now) if known.get(c.type) is c.status else now for c in after}


def _nothing_serves(view: View) -> str:
    if isinstance(view.observed.target, Unknown):
        return view.observed.target.message
    if isinstance(view.observed.serving, Unknown):
        return f"cannot know whether a version served before: {view.observed.serving.message}"
    trial = view.status.trial
    return trial.held if trial is not None and trial.held else "the first version starts"


def _rejected(view: View) -> str:
    """Say that what is wanted does not serve because it was tried and rejected; empty where that is not so."""
    wanted = wanted_recipe(view.observed)
    if isinstance(wanted, Unknown):
        return ""
    found = [one for one in view.status.rejected if one.revision == wanted.revision]
    return f"; version {found[-1].version} was rejected and is not tried again: {found[-1].message}" if found else ""


def _no_route(view: View) -> str:
    if view.pods(view.status.stable).available == 0:
        return "the HTTPRoute is made once a version serves"
    why = [message for (kind, _), message in view.observed.refused.items() if kind in ("HTTPRoute", "Service")]
    return ": ".join(["there is no HTTPRoute yet", *why[:1]])


def _refused(view: View) -> str:
    """Say why predictors refuse the wanted version, or refused it before; empty where they do not."""
    target, status = view.observed.target, view.status
    if isinstance(target, Unknown):
        return ""
    running = [status.stable, status.trial.candidate if status.trial is not None else None]
    found = [view.pods(ref).refusal for ref in running if ref is not None and ref.version == target.version]
    found += [one.message for one in status.rejected if one.version == target.version and is_refusal(one.message)]
    return next(filter(None, reversed(found)), "")


def _alert(view: View, kind: Type, reason: str, window: str | None) -> Condition | str:
    """Return what fires about the stable version (empty: nothing), or the condition where that is not known."""
    field, installed = f"spec.monitoring.{reason}", view.observed.defaults.windows
    if window is None:
        return condition(kind, None, Reason.NOT_WATCHED, f"{field} is not set")
    if window not in installed:
        message = f"{field}.window is {window}; the installed rules have {', '.join(installed)}"
        return condition(kind, None, Reason.WINDOW_NOT_INSTALLED, message)
    if isinstance(view.observed.alerts, Unknown):
        return condition(kind, None, view.observed.alerts.reason, view.observed.alerts.message)
    stable = view.status.stable.revision if view.status.stable is not None else ""
    return "; ".join(a.detail for a in view.observed.alerts if a.reason == reason and a.revision == stable)
