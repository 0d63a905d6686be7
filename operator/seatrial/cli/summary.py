"""What a ModelDeployment does, in a phrase: what serves, where its trial is, what that waits for."""

from seatrial.api.status import Stage, Trial
from seatrial.cli.model_deployment import ModelDeployment, named
from seatrial.core.traffic import FULL, pods_beside
from seatrial.judge.verdict import one_line


def serving(model: ModelDeployment) -> str:
    """Say what serves, and whether the version before it is still warm."""
    status = model.status
    if status.stable is None:
        return "no version serves yet"
    warm = f", in its probation after {named(status.probation.previous)}" if status.probation is not None else ""
    return f"{named(status.stable)} serves{warm}"


def waits_for(model: ModelDeployment) -> str:
    """Say what the trial waits for; a check whose line says so is named alone, because its line is shown too."""
    trial = model.status.trial
    if trial is None:
        return ""
    held = trial.held
    for finding in model.status.findings:
        held = held.replace(
            one_line(finding.check, finding.verdict, finding.message), f"the check {finding.check} has not passed yet"
        )
    return held or "the operator has begun this stage just now"


def standing(model: ModelDeployment) -> str:
    """Say where the trial is: its stage, and in a canary the step and its weight."""
    trial = model.status.trial
    if trial is None:
        return str(model.status.stage)
    where = f"{trial.stage}, {_step(model, trial)}" if trial.stage is Stage.CANARY else str(trial.stage)
    return f"version {trial.candidate.version}: {where}"


def _step(model: ModelDeployment, trial: Trial) -> str:
    over = trial.step >= len(model.steps)
    step = "past its last step" if over else f"step {trial.step + 1} of {len(model.steps)}"
    return f"{step}, {share(model)} of the traffic"


def share(model: ModelDeployment, *, of_stable: bool = False) -> str:
    """Say how much of the traffic the candidate gets, or stable: without a gateway, as much as its pods are of all."""
    weight, stable = model.status.weight, model.status.replicas
    if weight and not model.routed:
        pods = pods_beside(stable, weight)
        weight = round(FULL * pods / (stable + pods))
    percent = FULL - weight if of_stable else weight
    return f"{percent} %" if model.routed else f"about {percent} %"
