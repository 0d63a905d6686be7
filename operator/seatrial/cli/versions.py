"""`seatrial versions`: all versions of a model, a line each."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import click

from seatrial.cli.output import OUTPUT, print_rows
from seatrial.cli.session import Session
from seatrial.contract.layout import ModelHome
from seatrial.contract.manifest import Manifest
from seatrial.contract.reading import DocumentError
from seatrial.contract.records import Pointer
from seatrial.store.channels import list_channels
from seatrial.store.objects import NotFoundError, ObjectStore, TamperedError
from seatrial.store.versions import list_versions, read_manifest

_COLUMNS = ("version", "created", "estimator", "metric", "gates", "channels")
_PARALLEL = 8
_SETS = ("test", "validation", "training")  # whose metric says most, first
_METRICS = ("accuracy", "r2")


@click.command()
@click.argument("name")
@OUTPUT
@click.pass_obj
def versions(session: Session, name: str, output: str) -> None:
    """List the versions of model NAME."""
    store, home = session.home(name)
    names, channels = list_versions(store, home), list_channels(store, home)
    if not names:
        raise NotFoundError(f"model {name} has no versions in {session.store}")
    with ThreadPoolExecutor(_PARALLEL) as pool:
        rows = list(pool.map(lambda version: _row(store, home, version, channels), names))
    print_rows(rows, _COLUMNS, output)


def channels_of(version: str, channels: Mapping[str, Pointer]) -> list[str]:
    """Return the names of the channels that point at a version."""
    return sorted(channel for channel, pointer in channels.items() if pointer.version == version)


def gates_of(manifest: Manifest) -> str:
    """Return in a word or two how a version's gates went."""
    failed = [gate.name for gate in manifest.gates if not gate.passed]
    if failed:
        return "rejected: " + ", ".join(failed)
    return f"passed {len(manifest.gates)}" if manifest.gates else "none"


def key_metric(manifest: Manifest) -> str:
    """Return the metric that says most, such as `test accuracy 0.888`; empty where there is none."""
    sets = sorted(manifest.metrics, key=lambda name: (_SETS.index(name) if name in _SETS else len(_SETS), name))
    for part in sets:
        values = manifest.metrics[part]
        for metric in sorted(values, key=lambda name: (name not in _METRICS, name)):
            return f"{part} {metric} {values[metric]:.4g}"
    return ""


def _row(store: ObjectStore, home: ModelHome, version: str, channels: Mapping[str, Pointer]) -> dict[str, Any]:
    pointing = channels_of(version, channels)
    try:
        manifest, digest = read_manifest(store, home, version)
    except (DocumentError, TamperedError) as error:  # one bad manifest must not hide the others
        return {"version": version, "gates": "unreadable", "channels": pointing, "error": str(error)}
    return {
        "version": version,
        "created": manifest.created,
        "estimator": manifest.estimator,
        "metric": key_metric(manifest),
        "gates": gates_of(manifest),
        "channels": pointing,
        "passed": manifest.passed,
        "digest": digest,
    }
