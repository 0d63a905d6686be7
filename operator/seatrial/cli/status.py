"""`seatrial status`: what a ModelDeployment does, on one screen."""

import click

from seatrial.cli.board import report, show_screen
from seatrial.cli.model_deployment import read_model_deployment
from seatrial.cli.output import print_json
from seatrial.cli.place import NAME, Place, on_cluster


@click.command()
@NAME
@click.option("--json", "as_json", is_flag=True, help="Write it as JSON.")
@on_cluster
def status(place: Place, name: str, as_json: bool) -> None:
    """Show all about ModelDeployment NAME on one screen.

    What serves, what is on trial and what that waits for, each check's line, the last trials, and what can be done.
    """
    model = read_model_deployment(place.cluster.read(place.namespace, name))
    if as_json:
        print_json(report(model))
    else:
        show_screen(model, place.world.now())
