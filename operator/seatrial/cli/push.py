"""`seatrial push`: a fitted model and its training data become a version."""

import tempfile
from contextlib import suppress
from datetime import UTC
from pathlib import Path
from typing import Any

import click

from seatrial.cli.channel import move
from seatrial.cli.session import Session
from seatrial.contract.layout import ModelHome
from seatrial.store.channels import read_channel
from seatrial.store.objects import NotFoundError, ObjectStore
from seatrial.store.versions import publish, read_manifest

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("name")
@click.argument("version")
@click.option("--model", required=True, type=_FILE, help="The fitted model: a .skops or .joblib file.")
@click.option("--data", required=True, type=_FILE, help="Its training data, a CSV or Parquet file.")
@click.option("--target", required=True, metavar="COLUMN", help="The data's column that the model predicts.")
@click.option("--metrics", type=_FILE, help='JSON such as {"test": {"accuracy": 0.89}}; default: measured on the data.')
@click.option("--recommend", multiple=True, metavar="CLASS=TEXT", help="What to do about a class; repeatable.")
@click.option("--channel", help="Point this channel at the version.")
@click.option("--trust-pickle", is_flag=True, help="Load a .joblib file, which can run any code on this machine.")
@click.pass_obj
def push(session: Session, /, name: str, version: str, channel: str | None, **inputs: Any) -> None:
    """Publish a model as VERSION of model NAME: once and for ever.

    The same push again changes nothing; another model or other data need another version.
    """
    from seatrial.cli.pushing import Inputs, write  # scikit-learn and pandas take seconds to import

    store, home = session.home(name)
    world = session.world
    held = read_channel(store, home, channel) if channel else None
    created = _created(store, home, version) or world.now().astimezone(UTC).isoformat(timespec="seconds")
    with tempfile.TemporaryDirectory(prefix="seatrial-push-") as folder:
        manifest = write(Inputs(**inputs), name, version, created, Path(folder))
        published = publish(store, home, manifest, Path(folder), by=world.user, now=world.now())
    done = "was there already, the same to the byte" if published.existed else "pushed"
    click.echo(f"{name} {version} {done}: {published.digest}")
    if channel:
        move(session, store, home, channel, version, "pushed", held)
        click.echo(f"channel {channel} points at {version}")


def _created(store: ObjectStore, home: ModelHome, version: str) -> str | None:
    """Return when the version was made, if it is there: so that the same push is the same to the byte."""
    with suppress(NotFoundError):
        return read_manifest(store, home, version)[0].created
    return None
