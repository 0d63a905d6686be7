"""Asking for something by annotation: decided on what was read, and written over nothing else."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import click

from seatrial.cli.model_deployment import ModelDeployment, read_model_deployment
from seatrial.cli.place import Place
from seatrial.ports import ConflictError

MAXIMUM_TRIES = 5  # an operator writes the status of a trial every half minute


@dataclass(frozen=True, slots=True)
class Request:
    """Annotations to set, or (None) to remove; none where all is there already.

    `said` is what a person is told of it, `look` the command that shows what becomes of it.
    """

    annotations: Mapping[str, str | None]
    said: str
    look: str = "watch"


Decide = Callable[[ModelDeployment], Request]


def ask(place: Place, name: str, decide: Decide) -> None:
    """Write what is decided, and say it; raises ClickException where there is nothing to ask for.

    An object that changed between the reading and the writing is read and decided on again. A request that is another
    one then is not written, because nobody has asked for it. One for a trial that has just been replaced would do no
    harm: it names its revision.
    """
    first: Request | None = None
    for _ in range(MAXIMUM_TRIES):
        model = read_model_deployment(place.cluster.read(place.namespace, name))
        request = decide(model)
        if first is not None and request != first:
            raise click.ClickException(
                f"{name} has changed meanwhile; look at it again: seatrial status {model.arguments}"
            )
        if _is_written(place, model, request):
            click.echo(request.said)
            click.echo(f"what becomes of it: seatrial {request.look} {model.arguments}")
            return
        first = request
    raise click.ClickException(f"{name} changed {MAXIMUM_TRIES} times while it was written; try again")


def _is_written(place: Place, model: ModelDeployment, request: Request) -> bool:
    try:
        if request.annotations:
            place.cluster.annotate(model.document, request.annotations)
    except ConflictError:
        return False
    return True
