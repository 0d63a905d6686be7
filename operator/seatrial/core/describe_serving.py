"""Conditions of what serves now: does it, is something on its way, does it need a person?"""

from seatrial.api.conditions import Condition, Reason, Truth, Type, condition
from seatrial.api.quantities import how_many
from seatrial.core.describe_route import route_ready
from seatrial.core.observed import Unknown, is_refusal
from seatrial.core.stages import pods_of
from seatrial.core.target import awaited, cannot_tell
from seatrial.core.view import View

Needed = tuple[Reason, str]  # why a person is needed


def ready(view: View) -> Condition:
    """Does a version serve?"""
    stable, pods = view.status.stable, view.pods(view.status.stable)
    if stable is None:
        return condition(Type.READY, False, Reason.NO_VERSION_SERVES, _nothing_serves(view))
    if pods.available > 0 and view.lacks_service:
        message = f"version {stable.version} has pods, and no Service: {view.lacks_service}"
        return condition(Type.READY, False, Reason.APPLY_FAILED, message)
    if pods.available > 0:
        serves = f"version {stable.version} serves on {how_many(pods.available, 'pod')}"
        message = "; ".join(filter(None, (serves, view.not_tried, view.unrecorded, view.misunderstood)))
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
    if view.waits_to_revert:
        return condition(Type.RECONCILING, True, Reason.IN_PROBATION, view.waits_to_revert)
    route = route_ready(view)
    if route.reason is Reason.WAITING_FOR_GATEWAY:
        return condition(Type.RECONCILING, True, route.reason, route.message)
    return condition(Type.RECONCILING, False, Reason.SETTLED, "nothing is on its way")


def stalled(view: View) -> Condition:
    """Does it need a person?"""
    for needs in (_by_spec_or_write, _by_stable, _by_trial, _by_store, _by_first_version):
        if found := needs(view):
            return condition(Type.STALLED, True, *found)
    route = route_ready(view)
    if route.status is Truth.FALSE:
        return condition(Type.STALLED, True, route.reason, route.message)
    waits = route.reason is Reason.WAITING_FOR_GATEWAY
    message = "nothing but the gateway is waited for: RouteReady says more" if waits else "no person is needed"
    return condition(Type.STALLED, False, Reason.NOT_STALLED, message)


def _by_spec_or_write(view: View) -> Needed | None:
    spec = view.observed.spec
    if isinstance(spec, Unknown):
        return Reason.INVALID_SPEC, "; ".join(filter(None, (spec.message, view.not_judged)))
    if failure := _to_mend(view.observed.failure):
        return failure.reason, failure.message
    doubt = _doubt(view)
    return (Reason.STATUS_DOUBTFUL, doubt) if doubt else None


def _by_stable(view: View) -> Needed | None:
    """An outage that does not pass by itself; where another version is on trial a person may let that take over."""
    stable, pods, trial = view.status.stable, view.pods(view.status.stable), view.status.trial
    if stable is None or pods.available > 0 or not pods.trouble or view.waits_to_revert:
        return None
    key = view.observed.key
    cure = f"; or `seatrial promote {key.name} -n {key.namespace} --full`" if trial is not None else ""
    message = f"version {stable.version} serves, and has no available pod: {pods.trouble}; mend what it lacks{cure}"
    return Reason.PODS_NOT_READY, message


def _by_trial(view: View) -> Needed | None:
    trial = view.status.trial
    if trial is not None and trial.held_reason:
        return Reason(trial.held_reason), trial.held
    if view.waits_to_revert and view.previous.trouble:
        return Reason.PODS_NOT_READY, view.waits_to_revert
    return None


def _by_store(view: View) -> Needed | None:
    if target := _to_mend(view.observed.target):
        return target.reason, target.message
    record, forgotten = _to_mend(view.observed.serving), _forgotten(view)
    return (record.reason, forgotten) if record and forgotten else None


def _to_mend(known: object) -> Unknown | None:
    """Return what is not known, where a person is needed: a store that is away comes back by itself."""
    return known if isinstance(known, Unknown) and known.reason is not Reason.STORE_UNREACHABLE else None


def _by_first_version(view: View) -> Needed | None:
    if view.status.stable is not None:
        return None
    if refused := _refused(view):
        return Reason.ARTIFACT_REFUSED, refused
    untried = view.status.trial is None and view.not_tried
    return (Reason.ABORTED, view.not_tried) if untried else None


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


def _nothing_serves(view: View) -> str:
    if isinstance(view.observed.target, Unknown):
        return view.observed.target.message
    if doubt := _forgotten(view):
        return doubt
    trial = view.status.trial
    return trial.held if trial is not None and trial.held else view.not_tried or "the first version starts"


def _forgotten(view: View) -> str:
    """Say why nobody knows what served before, where nothing does now and the store's record cannot be read."""
    record = view.observed.serving
    if view.status.stable is not None or not isinstance(record, Unknown):
        return ""
    cure = "; repair it, or delete it if none did" if _to_mend(record) else ""
    return f"cannot know whether a version served before: {record.message}{cure}"


def _refused(view: View) -> str:
    """Say why predictors refuse the wanted version, or refused it before; empty where they do not."""
    target, status = view.observed.target, view.status
    if isinstance(target, Unknown):
        return ""
    running = [status.stable, status.trial.candidate if status.trial is not None else None]
    found = [view.pods(ref).refusal for ref in running if ref is not None and ref.version == target.version]
    found += [one.message for one in status.rejected if one.version == target.version and is_refusal(one.message)]
    return next(filter(None, reversed(found)), "")


def _doubt(view: View) -> str:
    """Say why what status names as stable serves for want of anything better; empty where it is believed."""
    stable = view.observed.status.stable
    if stable is None:
        return ""
    named = f"status names revision {stable.revision} as stable, which cannot be"
    if cannot_tell(view.observed):
        return (
            f"{named}, and neither the store's serving record nor the history says what is: nothing is changed; write"
            " the right revision into status.stable"
        )
    if (served := awaited(view.observed)) is not None:
        trouble = pods_of(view.observed, served.revision).trouble or "none is available yet"
        return f"{named}; version {served.version} takes over as soon as its pods are available: {trouble}"
    return ""
