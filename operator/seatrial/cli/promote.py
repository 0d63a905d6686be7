"""`seatrial promote`: the approval that a trial waits for, or its promotion without waiting."""

import click

from seatrial.api.requests import PROMOTE, promote_value
from seatrial.api.status import Trial
from seatrial.cli.asking import Request, ask
from seatrial.cli.model_deployment import ModelDeployment, named
from seatrial.cli.place import NAME, Place, on_cluster
from seatrial.cli.summary import serving, waits_for


@click.command()
@NAME
@click.option("--full", is_flag=True, help="Promote it without waiting for stages, durations, approvals and checks.")
@click.option("--revision", help="Only if this revision is on trial.")
@on_cluster
def promote(place: Place, name: str, full: bool, revision: str | None) -> None:
    """Approve what ModelDeployment NAME waits for.

    That is a canary step with `approval: Required`; it approves the steps of a lower weight too, and none of a higher.
    A check that says Fail still rolls the version back, also with --full, and spec.rollout.paused still holds it.
    """
    ask(place, name, lambda model: decide_promotion(model, revision, full=full))


def decide_promotion(model: ModelDeployment, revision: str | None, *, full: bool) -> Request:
    """Return the request that approves what the trial waits for, or promotes it; ClickException where it cannot be."""
    trial = model.status.trial
    if trial is None:
        raise click.ClickException(f"nothing is on trial: {serving(model)}")
    _check(model, trial, revision)
    candidate, weight = trial.candidate, None if full else model.awaited
    if weight is None and not full:
        how = "set it to false first" if model.paused else "--full goes on without waiting"
        raise click.ClickException(f"{named(candidate)} waits for no approval ({waits_for(model)}); {how}")
    done = "it takes over without waiting" if weight is None else f"it may go on from its step of {weight} %"
    said = f"{named(candidate)} is {'promoted' if weight is None else 'approved'}: {done}{_paused(model)}"
    if model.is_approved(candidate.revision, weight):
        return Request({}, f"asked for already: {said}")
    gone = model.without_requests(candidate.revision)
    value = promote_value(candidate.revision, weight, model.status.promoted)
    return Request(gone | {PROMOTE: value}, said)


def _check(model: ModelDeployment, trial: Trial, revision: str | None) -> None:
    if revision not in (None, trial.candidate.revision):
        raise click.ClickException(f"revision {revision} is not on trial, but {named(trial.candidate)}")
    if model.is_aborted(trial.candidate.revision):
        raise click.ClickException(
            f"{named(trial.candidate)} is aborted; allow it again first: seatrial retry {model.arguments}"
        )


def _paused(model: ModelDeployment) -> str:
    return " once spec.rollout.paused is false" if model.paused else ""
