"""`seatrial channel`: where channels point, and moving them."""

from dataclasses import asdict
from typing import Any

import click

from seatrial.cli.output import OUTPUT, print_rows
from seatrial.cli.session import Session
from seatrial.contract.layout import ModelHome
from seatrial.contract.records import Pointer
from seatrial.store.channels import list_channels, move_channel, read_channel
from seatrial.store.objects import NotFoundError, ObjectStore
from seatrial.store.pointers import Held
from seatrial.store.versions import read_manifest

_COLUMNS = ("channel", "version", "moved", "by", "reason", "digest")


@click.command()
@click.argument("name")
@click.argument("channel", required=False)
@click.argument("version", required=False)
@click.option("--reason", default="", help="Why; kept in the audit.")
@click.option("--force", is_flag=True, help="Point at a version that its gates rejected, too.")
@OUTPUT
@click.pass_obj
def channel(
    session: Session, name: str, channel: str | None, version: str | None, reason: str, force: bool, output: str
) -> None:
    """List the channels of model NAME, show one CHANNEL, or move it to VERSION."""
    store, home = session.home(name)
    if channel is None:
        pointers = list_channels(store, home)
        if not pointers:
            raise NotFoundError(f"model {name} has no channels in {session.store}")
        print_rows([_row(each, pointer) for each, pointer in pointers.items()], _COLUMNS, output)
        return
    held = read_channel(store, home, channel)
    if version is not None:
        held = move(session, store, home, channel, version, reason, held, force=force)
    if held is None:
        raise NotFoundError(f"model {name} has no channel {channel}")
    print_rows([_row(channel, held.pointer)], _COLUMNS, output)


def move(
    session: Session,
    store: ObjectStore,
    home: ModelHome,
    channel: str,
    version: str,
    reason: str,
    held: Held | None,
    *,
    force: bool = False,
) -> Held:
    """Move a channel from where it was read to a version."""
    _, digest = read_manifest(store, home, version)
    world, expected = session.world, held.etag if held else None
    return move_channel(
        store, home, channel, version, digest, world.user, reason, world.now(), expected=expected, force=force
    )


def _row(channel: str, pointer: Pointer) -> dict[str, Any]:
    return {"channel": channel, **asdict(pointer)}
