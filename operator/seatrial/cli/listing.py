"""`seatrial list`: the ModelDeployments of a namespace, a line each."""

from datetime import datetime
from typing import Any

import click

from seatrial.api.conditions import Type
from seatrial.api.quantities import format_duration
from seatrial.api.status import Stage, Trial
from seatrial.cli.model_deployment import ModelDeployment, read_model_deployment
from seatrial.cli.output import OUTPUT, print_rows
from seatrial.cli.place import Place, on_cluster
from seatrial.cli.summary import waits_for
from seatrial.contract.reading import DocumentError
from seatrial.ports import Document

_COLUMNS = ("namespace", "name", "stable", "candidate", "stage", "step", "weight", "trial", "ready", "needs")


@click.command("list")
@click.option("-A", "--all-namespaces", "everywhere", is_flag=True, help="Those of all namespaces.")
@OUTPUT
@on_cluster
def list_models(place: Place, everywhere: bool, output: str) -> None:
    """List ModelDeployments, their trials and needs."""
    documents = place.cluster.listing(None if everywhere else place.namespace)
    rows = [_row(document, place.world.now()) for document in documents]
    if not rows and output == "table":
        where = "the cluster" if everywhere else f"namespace {place.namespace}"
        click.echo(f"there are no ModelDeployments in {where}", err=True)
        return
    print_rows(sorted(rows, key=lambda row: (row["namespace"], row["name"])), _COLUMNS, output)


def _row(document: Document, now: datetime) -> dict[str, Any]:
    metadata = document["metadata"]
    place = {"namespace": metadata["namespace"], "name": metadata["name"]}
    try:
        model = read_model_deployment(document)
    except DocumentError as error:  # one that cannot be read must not hide the others
        return {**place, "needs": "Unreadable", "error": str(error)}
    ready, stable, trial = model.condition(Type.READY), model.status.stable, model.status.trial
    probation = model.status.probation
    return {
        **place,
        "stable": stable.version if stable is not None else None,
        "stage": str(model.status.stage),
        "ready": str(ready.status) if ready is not None else None,
        "needs": model.needs or None,
        "trial": format_duration(now - probation.since) if probation is not None else None,
        **(_trial(model, trial, now) if trial is not None else {}),
    }


def _trial(model: ModelDeployment, trial: Trial, now: datetime) -> dict[str, Any]:
    return {
        "candidate": trial.candidate.version,
        "step": f"{trial.step + 1}/{len(model.steps)}" if trial.stage is Stage.CANARY else None,
        "weight": model.status.weight,
        "trial": format_duration(now - trial.began),
        "waitsFor": waits_for(model),
    }
