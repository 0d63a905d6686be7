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
from seatrial.contract.schema import Output
from seatrial_runtime.publish.describe import DescriptionError, answers_of, describe_output, select_features
from seatrial_runtime.publish.measure import check_truth, measure, most_frequent
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


def write(inputs: Inputs, name: str, version: str, created: str, folder: Path) -> Manifest:
    """Write the version's files into a folder; raises ClickException where the model or the data cannot be used."""
    try:
        return write_version(_draft(inputs, name, version, created), folder)
    except (DescriptionError, ModelError) as error:
        raise click.ClickException(str(error)) from error


def _draft(inputs: Inputs, name: str, version: str, created: str) -> Draft:
    estimator = _estimator(inputs)
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


def _estimator(inputs: Inputs) -> Any:
    form = inputs.model.suffix[1:]
    if form == "joblib" and not inputs.trust_pickle:
        raise click.ClickException(
            f"model {inputs.model.name} is a pickle (joblib), which can run any code on this machine when it is "
            "loaded; give --trust-pickle if you trust whoever made it"
        )
    return load_model(inputs.model, form, allow_pickle=inputs.trust_pickle)


def _table(inputs: Inputs) -> pd.DataFrame:
    path = inputs.data
    form, read = ("Parquet", pd.read_parquet) if path.suffix == ".parquet" else ("CSV", pd.read_csv)
    try:
        table: pd.DataFrame = read(path)
    except (ValueError, OSError) as error:  # pandas' and pyarrow's own errors are one of these
        raise click.ClickException(
            f"--data {path} cannot be read as {form} ({error}); "
            "expected the training data: a .parquet file, or a CSV file of any other name"
        ) from error
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
        return {"training": _measured(describe_output(estimator, inputs.target, {}), truth, answers)}
    reader = read_document(str(inputs.metrics), inputs.metrics.read_bytes())
    sets = {name: reader.numbers(name) for name in reader.fields() if isinstance(reader.raw(name), dict)}
    flat = {name: reader.number(name) for name in reader.fields() if name not in sets}
    return {**sets, "given": flat} if flat else sets


def _measured(output: Output, truth: "pd.Series[Any]", answers: NDArray[Any]) -> dict[str, float]:
    """Measure on the training data; a classifier that learned nothing of them gets a warning."""
    check_truth(output, truth)
    measured = measure(output.task, truth, answers)
    if "accuracy" in measured:
        name, share = most_frequent(truth)
        if measured["accuracy"] < share:
            click.echo(
                f"seatrial: warning: the model's accuracy on {output.name} is {measured['accuracy']:.4g}, less than "
                f"the {share:.4g} of always answering {name!r}; the model and the data may not belong together",
                err=True,
            )
    return measured
