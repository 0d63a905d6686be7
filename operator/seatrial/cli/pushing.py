"""What `seatrial push` does with a model's file and its data. Imports the runtime, so it is imported late."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pandas as pd
from numpy.typing import NDArray

from seatrial.contract.canonical import digest_of_file
from seatrial.contract.manifest import Data, Lineage, Manifest
from seatrial.contract.reading import read_document
from seatrial_runtime.publish.describe import DescriptionError, answers_of, describe_output, select_features
from seatrial_runtime.publish.measure import measure
from seatrial_runtime.publish.write import Draft, write_version
from seatrial_runtime.trust import ModelError, load_model


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the command line names: the model's file, its data, and what to say of them."""

    model: Path
    data: Path
    target: str
    metrics: Path | None
    recommend: tuple[str, ...]
    trust_pickle: bool


def write(inputs: Inputs, name: str, version: str, created: str, form: str, folder: Path) -> Manifest:
    """Write the version's files into a folder; raises ClickException where the model or the data cannot be used."""
    try:
        return write_version(_draft(inputs, name, version, created), folder, form)
    except (DescriptionError, ModelError) as error:
        raise click.ClickException(str(error)) from error


def _draft(inputs: Inputs, name: str, version: str, created: str) -> Draft:
    estimator = load_model(inputs.model, inputs.model.suffix[1:], allow_pickle=inputs.trust_pickle)
    table = _table(inputs)
    rows = select_features(estimator, table.drop(columns=[inputs.target]))
    answers = answers_of(estimator, rows)
    return Draft(
        model=name,
        version=version,
        created=created,
        estimator=estimator,
        rows=rows,
        target=inputs.target,
        answers=answers,
        recommendations=_recommendations(inputs.recommend),
        metrics=_metrics(inputs, estimator, table[inputs.target], answers),
        data=Data(inputs.data.name, digest_of_file(inputs.data), len(table), {"training": len(table)}),
        lineage=Lineage(trigger="push"),
        source=inputs.model,
    )


def _table(inputs: Inputs) -> pd.DataFrame:
    path = inputs.data
    try:
        table = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except (ValueError, OSError) as error:  # pandas' and pyarrow's own errors are one of these
        raise click.ClickException(f"{path} is no readable {path.suffix[1:] or 'CSV'} file: {error}") from error
    if inputs.target not in table.columns:
        columns = ", ".join(map(str, table.columns))
        raise click.ClickException(f"{path} has no column {inputs.target!r}; it has {columns}")
    return table


def _recommendations(given: tuple[str, ...]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    for name, equals, text in pairs:
        if not (name and equals and text):
            raise click.UsageError(f"--recommend is {name + equals + text!r}; expected CLASS=TEXT")
    return {name: text for name, _, text in pairs}


def _metrics(
    inputs: Inputs, estimator: Any, truth: "pd.Series[Any]", answers: NDArray[Any]
) -> dict[str, dict[str, float]]:
    """Return the given metrics by set, or those of the training data. Given numbers without a set are `given`."""
    if inputs.metrics is None:
        return {"training": measure(describe_output(estimator, inputs.target, {}).task, truth, answers)}
    reader = read_document(str(inputs.metrics), inputs.metrics.read_bytes())
    sets = {name: reader.numbers(name) for name in reader.fields() if isinstance(reader.raw(name), dict)}
    flat = {name: reader.number(name) for name in reader.fields() if name not in sets}
    return {**sets, "given": flat} if flat else sets
