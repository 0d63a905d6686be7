"""The model card: what a person wants to know of a version before trusting it, generated from its manifest."""

from collections.abc import Iterable

from seatrial.contract.manifest import Manifest
from seatrial.contract.schema import Feature, Kind, Output, Task

CARD = "card.md"
_SHOWN = 8  # categories of a feature


def card_of(manifest: Manifest) -> str:
    """Return the card as Markdown."""
    sections = (
        f"# {manifest.model} {manifest.version}",
        _summary(manifest),
        _section("Data", _data(manifest)),
        _section("Metrics", _metrics(manifest)),
        _section("Gates", _gates(manifest)),
        _section("Features", _features(manifest.features)),
        _section("Limits", _limits(manifest)),
        _section("Made with", [f"- {name} {version}" for name, version in sorted(manifest.packages.items())]),
    )
    return "\n\n".join(sections) + "\n"


def _section(title: str, lines: Iterable[str]) -> str:
    return "\n".join((f"## {title}", "", *lines))


def _summary(manifest: Manifest) -> str:
    status = "passed its gates" if manifest.passed else "was **rejected** by its gates"
    return (
        f"`{manifest.estimator}`, made {manifest.created}. {_answer(manifest.output)}"
        f" It {status if manifest.gates else 'had no gates to pass'}."
    )


def _answer(output: Output) -> str:
    if output.task is Task.REGRESSION:
        return f"It predicts the number `{output.name}`."
    return f"It predicts `{output.name}`: {', '.join(output.classes)}."


def _data(manifest: Manifest) -> list[str]:
    if manifest.data is None:
        return ["Unknown."]
    split = ", ".join(f"{count} {name}" for name, count in sorted(manifest.data.split.items()))
    return [
        f"{manifest.data.rows} rows of `{manifest.data.uri}`{f': {split}' if split else ''}.",
        "",
        _digest(manifest),
    ]


def _digest(manifest: Manifest) -> str:
    return f"`{manifest.data.sha256}`" if manifest.data else ""


def _metrics(manifest: Manifest) -> list[str]:
    rows = [
        f"| {_cell(part)} | {_cell(name)} | {value:.6g} |"
        for part, values in sorted(manifest.metrics.items())
        for name, value in sorted(values.items())
    ]
    return ["| measured on | metric | value |", "| --- | --- | --- |", *rows] if rows else ["None were given."]


def _gates(manifest: Manifest) -> list[str]:
    rows = [f"- {'passed' if gate.passed else '**failed**'} {gate.name}: {gate.detail}" for gate in manifest.gates]
    return rows or ["None."]


def _features(features: tuple[Feature, ...]) -> list[str]:
    return ["| name | kind | may be missing | values |", "| --- | --- | --- | --- |", *map(_feature, features)]


def _feature(feature: Feature) -> str:
    more = len(feature.categories) - _SHOWN
    values = ", ".join(feature.categories[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
    bounds = "" if feature.minimum is feature.maximum is None else f"{feature.minimum} to {feature.maximum}"
    shown = values if feature.kind is Kind.STRING else bounds
    return f"| {_cell(feature.name)} | {feature.kind} | {'yes' if feature.nullable else 'no'} | {_cell(shown)} |"


def _limits(manifest: Manifest) -> list[str]:
    lines = [
        "- It knows what its training data knew: rows unlike them are answered all the same, and counted as drift.",
        "- Its metrics were measured on past data; how it does now is what the accuracy of labelled answers says.",
    ]
    if set(manifest.metrics) <= {"training"}:
        lines.append("- Nothing was measured on rows that it had not seen in training.")
    if manifest.format == "joblib":
        lines.append("- Its file is a pickle: loading it runs code, so it loads only where that is allowed.")
    return lines


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
