"""`seatrial retry`: a revision that was rejected or aborted is tried again."""

import click

from seatrial.api.requests import ABORT, RETRY, retry_value
from seatrial.cli.asking import Request, ask
from seatrial.cli.model_deployment import ModelDeployment
from seatrial.cli.place import NAME, Place, on_cluster


@click.command()
@NAME
@click.option("--revision", help="The revision; default: the one that was rejected or aborted last.")
@on_cluster
def retry(place: Place, name: str, revision: str | None) -> None:
    """Try a refused revision of ModelDeployment NAME again.

    A revision is refused when its trial failed, or was aborted.
    """
    token = f"{place.world.now():%Y%m%dT%H%M%SZ}"
    ask(place, name, lambda model: decide_retry(model, revision, token))


def decide_retry(model: ModelDeployment, revision: str | None, token: str) -> Request:
    """Return the request that tries a revision again; ClickException where it was not refused, or would do nothing."""
    refused = refused_versions(model)
    chosen = next(iter(refused), None) if revision is None else revision
    if chosen is None:
        raise click.ClickException(f"no revision of {model.name} was rejected or aborted")
    if chosen not in refused:
        known = ", ".join(_named(each, version) for each, version in refused.items()) or "none"
        raise click.ClickException(f"revision {chosen} was neither rejected nor aborted; what was: {known}")
    return _request(model, chosen, refused[chosen], token)


def _request(model: ModelDeployment, revision: str, version: str, token: str) -> Request:
    """Return the request; an abort that the operator has not acted on is only taken back."""
    gone, running = model.without_requests(revision), _running(model)
    if revision in running and model.is_aborted(revision):
        return Request(gone, f"{_named(revision, version)} is aborted no longer")
    if revision in running:
        raise click.ClickException(f"{_named(revision, version)} serves or is on trial already")
    if model.wanted and version and version != model.wanted:
        raise click.ClickException(
            f"{_named(revision, version)} is not wanted: spec.model.version is {model.wanted}; name it there first"
        )
    return Request(gone | {RETRY: retry_value(revision, token)}, f"{_named(revision, version)} is tried again")


def _running(model: ModelDeployment) -> set[str]:
    return {ref.revision for ref in (model.status.stable, model.tried) if ref is not None}


def refused_versions(model: ModelDeployment) -> dict[str, str]:
    """Return the revisions that are not tried again, the last one first, with their versions, empty if unknown."""
    found = {one.revision: one.version for one in reversed(model.status.rejected)}
    aborted, tried = model.annotations.get(ABORT), model.tried
    if aborted is None or aborted in found:
        return found
    version = tried.version if tried is not None and tried.revision == aborted else ""
    return {aborted: version, **found}  # the operator has not acted on it


def _named(revision: str, version: str) -> str:
    return f"version {version} (revision {revision})" if version else f"revision {revision}"
