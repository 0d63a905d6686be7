"""`seatrial retry`: a revision that was rejected or aborted is tried again."""

import click

from seatrial.api.requests import ABORT, PROMOTE, RETRY, retry_value
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
    _check(model, chosen, refused[chosen])
    gone = {name: None for name in (ABORT, PROMOTE) if model.names(name, chosen)}
    said = f"{_named(chosen, refused[chosen])} is tried again"
    return Request({RETRY: retry_value(chosen, token), **gone}, said)


def refused_versions(model: ModelDeployment) -> dict[str, str]:
    """Return the revisions that are not tried again, the last one first, with their versions, empty if unknown."""
    aborted, status = model.annotations.get(ABORT), model.status
    ends = [(one.at, one.revision, one.version) for one in status.rejected]
    ends += [(one.ended, one.revision, one.version) for one in status.history if one.revision == aborted]
    found = {revision: version for _, revision, version in sorted(ends, reverse=True)}
    if aborted is None or aborted in found:
        return found
    tried = model.tried  # where the operator has not acted on it yet
    return {aborted: tried.version if tried is not None and tried.revision == aborted else "", **found}


def _check(model: ModelDeployment, revision: str, version: str) -> None:
    running = [ref.revision for ref in (model.status.stable, model.tried) if ref is not None]
    if revision in running and not model.names(ABORT, revision):
        raise click.ClickException(f"{_named(revision, version)} serves or is on trial already")
    if model.wanted and version and version != model.wanted:
        raise click.ClickException(
            f"{_named(revision, version)} is not wanted: spec.model.version is {model.wanted}; name it there first"
        )


def _named(revision: str, version: str) -> str:
    return f"version {version} (revision {revision})" if version else f"revision {revision}"
