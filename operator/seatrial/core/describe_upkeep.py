"""Conditions of how a model stays good: trials, drift, accuracy, trainings, newer versions."""

from seatrial.api.conditions import Condition, Reason, Truth, Type, condition
from seatrial.api.spec import AccuracyWatch, DriftWatch
from seatrial.api.status import Stage
from seatrial.contract.names import natural_order
from seatrial.contract.training import PASSED, REJECTED
from seatrial.core.moves import Outcome
from seatrial.core.observed import Unknown
from seatrial.core.view import View


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
    if view.failed_probation:
        why = view.waits_to_revert or view.failed_probation
        return condition(kind, False, Reason.IN_PROBATION, f"version {last.version}: {why}")
    if last.outcome == Outcome.PROMOTED:
        reason = Reason.PROMOTED if status.probation is None else Reason.IN_PROBATION
        return condition(kind, True, reason, message)
    return condition(kind, False, Reason(last.outcome), message)


def drifted(view: View) -> Condition:
    """Has the world moved away from what the serving version was trained on?"""
    calm = condition(Type.DRIFTED, False, Reason.NO_DRIFT, "no drift alert fires (no traffic is no drift either)")
    watch = None if view.spec is None else view.spec.monitoring.drift
    return _by_alerts(view, "drift", watch, calm, Reason.DRIFT_FIRING)


def accuracy_met(view: View) -> Condition:
    """Is the serving version right often enough?"""
    watch = None if view.spec is None else view.spec.monitoring.accuracy
    if view.observed.is_regression and watch is not None:
        message = "spec.monitoring.accuracy counts right answers: of a regression there are none to count"
        return condition(Type.ACCURACY_MET, None, Reason.NOT_WATCHED, message)
    calm = condition(Type.ACCURACY_MET, True, Reason.ACCURACY_ENOUGH, "no accuracy alert fires")
    return _by_alerts(view, "accuracy", watch, calm, Reason.ACCURACY_BELOW)


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


def _by_alerts(
    view: View, reason: str, watch: DriftWatch | AccuracyWatch | None, calm: Condition, firing: Reason
) -> Condition:
    """Return `calm`, or its contrary where alerts about the stable version fire, or that it is not known."""
    kind, field, installed = calm.type, f"spec.monitoring.{reason}", view.observed.defaults.windows
    if watch is None:
        return condition(kind, None, Reason.NOT_WATCHED, f"{field} is not set")
    if watch.window not in installed:
        message = f"{field}.window is {watch.window}; the installed rules have {', '.join(installed)}"
        return condition(kind, None, Reason.WINDOW_NOT_INSTALLED, message)
    if isinstance(view.observed.alerts, Unknown):
        return condition(kind, None, view.observed.alerts.reason, view.observed.alerts.message)
    stable = view.status.stable.revision if view.status.stable is not None else ""
    found = "; ".join(a.detail for a in view.observed.alerts if a.reason == reason and a.revision == stable)
    return condition(kind, calm.status is not Truth.TRUE, firing, found) if found else calm
