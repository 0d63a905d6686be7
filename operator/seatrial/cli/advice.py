"""What a person can do next, one line a way."""

from seatrial.api.status import Trial
from seatrial.cli.model_deployment import ModelDeployment
from seatrial.cli.retry import refused_versions

STALLED = "do what Stalled says; docs/reference/conditions.md has every reason"


def advice(model: ModelDeployment) -> tuple[str, ...]:
    """Return what can be done about a ModelDeployment as it is; that may be nothing."""
    if not model.is_observed:
        return ("wait: the operator has not seen this spec yet; if that lasts, is the operator running?",)
    if model.status.trial is not None:
        return _of_trial(model, model.status.trial)
    if model.status.probation is not None:
        return ("nothing: the probation ends by itself", f"to go back now: seatrial abort {model.arguments}")
    stalled = (STALLED,) if model.needs else ()
    return (*stalled, *_of_refused(model)) or ("nothing",)


def _of_trial(model: ModelDeployment, trial: Trial) -> tuple[str, ...]:
    revision, weight = trial.candidate.revision, model.awaited
    if model.is_aborted(revision):
        return ("nothing: it is aborted, and the operator ends its trial",)
    end = f"to end the trial: seatrial abort {model.arguments}"
    if model.paused:
        return ("to go on: set spec.rollout.paused to false", end)
    if model.is_approved(revision, weight):
        return ("nothing: it was approved, and goes on", end)
    if weight is not None:
        return (f"to approve its step of {weight} %: seatrial promote {model.arguments}", end)
    if model.needs and not model.held_reason:
        return (STALLED, end)
    if model.held_reason:
        return (f"to promote it all the same: seatrial promote {model.arguments} --full", end)
    return (f"nothing: it goes on by itself; to follow it: seatrial watch {model.arguments}", end)


def _of_refused(model: ModelDeployment) -> tuple[str, ...]:
    """Return how to try what was refused last again, unless something else has been tried since."""
    last = model.status.history[-1] if model.status.history else None
    if last is None or last.revision not in refused_versions(model):
        return ()
    return (f"to try version {last.version} again: seatrial retry {model.arguments}",)
