"""`seatrial show`: everything that is known of one version."""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from seatrial.cli.output import print_json
from seatrial.cli.session import Session
from seatrial.cli.versions import channels_of, gates_of
from seatrial.contract.manifest import Manifest
from seatrial.contract.schema import Feature
from seatrial.store.channels import list_channels
from seatrial.store.versions import read_manifest

_SHOWN = 8  # categories of a feature


@click.command()
@click.argument("name")
@click.argument("version")
@click.option("--json", "as_json", is_flag=True, help="Write the manifest as JSON, with digest and channels.")
@click.pass_obj
def show(session: Session, name: str, version: str, as_json: bool) -> None:
    """Show all of VERSION of model NAME."""
    store, home = session.home(name)
    manifest, digest = read_manifest(store, home, version)
    channels = channels_of(version, list_channels(store, home))
    if as_json:
        print_json({"digest": digest, "channels": channels, "manifest": manifest.document()})
        return
    for line in _lines(manifest, digest, channels):
        click.echo(line)


def _lines(manifest: Manifest, digest: str, channels: list[str]) -> Iterator[str]:
    yield f"{manifest.model} {manifest.version}"
    summary = {"digest": digest, "created": manifest.created, "channels": ", ".join(channels)}
    yield from _section("", {**summary, "gates": gates_of(manifest), "seed": manifest.seed})
    yield from _section("output", _output(manifest))
    yield from _section("features", {feature.name: _feature(feature) for feature in manifest.features})
    yield from _section(f"estimator {manifest.estimator}", manifest.parameters)
    yield from _section("data", _data(manifest))
    for part, values in sorted(manifest.metrics.items()):
        yield from _section(f"metrics on {part}", {name: f"{value:.6g}" for name, value in values.items()})
    yield from _section(
        "gates", {gate.name: f"{'passed' if gate.passed else 'failed'}: {gate.detail}" for gate in manifest.gates}
    )
    lineage = manifest.lineage
    yield from _section("lineage", {"parent": lineage.parent, "trigger": lineage.trigger, "job": lineage.job})
    yield from _section("files", {path: f"{file.sha256} {file.size} bytes" for path, file in manifest.files.items()})
    yield from _section("packages", manifest.packages)


def _section(title: str, values: Mapping[str, Any]) -> Iterator[str]:
    """Yield a title and its lines; nothing where there is nothing to say."""
    said = {name: str(value) for name, value in values.items() if value not in (None, "")}
    if title and said:
        yield ""
        yield title
    width = max(map(len, said), default=0)
    yield from (f"  {name.ljust(width)}  {value}" for name, value in said.items())


def _output(manifest: Manifest) -> dict[str, str]:
    output = manifest.output
    recommended = {f"recommend {name}": text for name, text in output.recommendations.items()}
    return {"name": output.name, "task": output.task, "classes": ", ".join(output.classes), **recommended}


def _feature(feature: Feature) -> str:
    parts = [str(feature.kind), "nullable" if feature.nullable else ""]
    if feature.minimum is not None or feature.maximum is not None:
        parts.append(f"from {feature.minimum} to {feature.maximum}")
    if feature.categories:
        more = len(feature.categories) - _SHOWN
        parts.append("of " + ", ".join(feature.categories[:_SHOWN]) + (f" and {more} more" if more > 0 else ""))
    return " ".join(part for part in parts if part)


def _data(manifest: Manifest) -> dict[str, Any]:
    if manifest.data is None:
        return {}
    split = ", ".join(f"{name} {count}" for name, count in sorted(manifest.data.split.items()))
    return {"uri": manifest.data.uri, "rows": manifest.data.rows, "split": split, "sha256": manifest.data.sha256}
