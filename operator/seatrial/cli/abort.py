"""`seatrial abort`: a revision is not tried any more."""

import click

from seatrial.api.requests import ABORT
from seatrial.cli.asking import Request, ask
from seatrial.cli.model_deployment import ModelDeployment, named
from seatrial.cli.place import NAME, Place, on_cluster
from seatrial.cli.summary import serving


@click.command()
@NAME
@click.option("--revision", help="Only if this revision is on trial, or in probation.")
@on_cluster
def abort(place: Place, name: str, revision: str | None) -> None:
    """End the trial of ModelDeployment NAME.

    In its probation the version before takes over again. The revision is not tried again until `seatrial retry`.
    """
    ask(place, name, lambda model: decide_abort(model, revision))


def decide_abort(model: ModelDeployment, revision: str | None) -> Request:
    """Return the request that aborts what is on trial or in probation; ClickException where nothing is."""
    tried = model.tried
    if tried is None:
        raise click.ClickException(f"nothing is on trial: {serving(model)}")
    if revision not in (None, tried.revision):
        raise click.ClickException(f"revision {revision} is not on trial, but {named(tried)}")
    said = f"{named(tried)} is to be aborted: {_instead(model)}{_allowed_again(model, tried.revision)}"
    if model.is_aborted(tried.revision):
        return Request({}, f"asked for already: {said}", "status")
    return Request(model.without_requests(tried.revision) | {ABORT: tried.revision}, said, "status")


def _instead(model: ModelDeployment) -> str:
    """Say who gets the traffic."""
    status = model.status
    if status.trial is None and status.probation is not None:
        return f"{named(status.probation.previous)} takes over again"
    return "no version serves" if status.stable is None else f"{named(status.stable)} gets all traffic"


def _allowed_again(model: ModelDeployment, revision: str) -> str:
    """Say what the one annotation that there is forgets, unless the operator has acted on it."""
    before = model.annotations.get(ABORT, revision)
    if before in {revision, *(one.revision for one in model.status.rejected)}:
        return ""
    return f"; revision {before}, which was aborted before, may be tried again"
