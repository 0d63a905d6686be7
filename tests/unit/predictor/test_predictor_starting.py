"""From the store to a warm model: what is tried again, what ends the process, and in which words."""

import asyncio
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrial.contract.environment import REFUSED
from seatrial.contract.reading import DocumentError
from seatrial.contract.reference import CategoryBins, Distribution, NumericBins, Reference
from seatrial.contract.schema import Feature, Kind
from seatrial.store.objects import (
    DeniedError,
    NotFoundError,
    TamperedError,
    TooLargeError,
    UnreachableError,
)
from seatrial_runtime.loading import Loaded
from seatrial_runtime.predictor.lifecycle import Lifecycle
from seatrial_runtime.predictor.rows import Schema
from seatrial_runtime.predictor.starting import Load, Started, StartError, start
from seatrial_runtime.predictor.warmup import draw_rows
from seatrial_runtime.predictor.worker import Worker
from seatrial_runtime.trust import BrokenModelError, UntrustedModelError
from tests.unit.predictor.given import RISK, a_pipeline, a_risk_version, some_rows, their_risk


def fails(*errors: Exception, then: Loaded | None = None) -> tuple[Load, list[Path]]:
    """Return a loader that raises these errors one after the other, and the folders that it was given."""
    waiting, folders = [*errors], list[Path]()

    def load(folder: Path) -> Loaded:
        folders.append(folder)
        assert folder.is_dir()
        if waiting:
            raise waiting.pop(0)
        assert then is not None
        return then

    return load, folders


async def started(load: Load, lifecycle: Lifecycle | None = None, tries: int = 3) -> Started:
    return await start(load, lifecycle or Lifecycle(lambda: 0.0), Worker("model"), pauses=(0.0,) * (tries - 1))


async def refusal(load: Load, tries: int = 3) -> str:
    with pytest.raises(StartError) as error:
        await started(load, tries=tries)
    return str(error.value)


@pytest.mark.parametrize("error", [UnreachableError("the store is away"), OSError("no route")])
async def test_a_store_that_is_away_is_tried_again(error: Exception) -> None:
    loaded = a_risk_version()
    load, folders = fails(error, error, then=loaded)
    assert (await started(load)).manifest == loaded.manifest
    assert len(set(folders)) == 3
    assert not any(folder.exists() for folder in folders)


async def test_but_not_for_ever() -> None:
    load, folders = fails(*[UnreachableError("the store is away")] * 9)
    message = await refusal(load)
    assert message == "the store is away (tried 3 times)"
    assert len(folders) == 3


@pytest.mark.parametrize(
    "error",
    [
        TooLargeError("model.skops has more bytes"),
        DocumentError("manifest", "format", 9, "1"),
        UntrustedModelError("it holds os.system"),
        BrokenModelError("it is no skops file"),
    ],
)
async def test_a_bad_artifact_is_refused_for_good_at_once(error: Exception) -> None:
    load, folders = fails(error)
    assert await refusal(load) == f"{REFUSED}{error}"
    assert len(folders) == 1


async def test_other_bytes_than_promised_are_read_again_before_they_are_believed() -> None:
    error = TamperedError("model.skops is not what the manifest says")
    load, folders = fails(error, error, error)
    assert await refusal(load) == f"{REFUSED}{error}"
    assert len(folders) == 3
    load, folders = fails(error, error, then=a_risk_version())
    await started(load)
    assert len(folders) == 3


async def test_a_store_that_is_away_in_between_makes_other_bytes_no_better() -> None:
    other, away = TamperedError("model.skops is not what the manifest says"), UnreachableError("the store is away")
    load, _ = fails(other, away, other, away, other)
    assert await refusal(load, tries=9) == f"{REFUSED}{other}"


async def test_other_bytes_that_were_read_once_and_never_again_refuse_nothing() -> None:
    other, away = TamperedError("model.skops is not what the manifest says"), UnreachableError("the store is away")
    load, _ = fails(away, away, other)
    assert await refusal(load) == f"{other} (tried 3 times)"


@pytest.mark.parametrize("error", [DeniedError("denied"), NotFoundError("absent"), MemoryError("small")])
async def test_what_another_pod_may_cure_ends_this_one_without_a_word_of_refusal(error: Exception) -> None:
    load, folders = fails(error)
    message = await refusal(load)
    assert not message.startswith(REFUSED)
    assert str(error) in message
    assert len(folders) == 1


async def test_a_model_that_fails_on_rows_like_its_own_data_is_refused() -> None:
    loaded = a_risk_version()
    loaded.estimator.steps[1][1].n_features_in_ = 99
    load, _ = fails(then=loaded)
    message = await refusal(load)
    assert message.startswith(f"{REFUSED}the model fails on each of 32 rows")
    assert "99 features" in message


async def test_a_model_that_fails_on_a_few_rows_goes_on_trial() -> None:
    rows = some_rows()
    known = rows[rows["team"] != "Mobile"]
    picky = a_pipeline(handle_unknown="error").fit(known, their_risk(known))
    loaded = a_risk_version(estimator=picky)
    assert (await started(lambda _: loaded)).manifest == loaded.manifest


async def test_a_reference_that_does_not_fit_is_refused() -> None:
    reference = Reference(1, {"environment": Distribution(NumericBins((), 0.0, 1.0), (1, 0, 0))})
    loaded = replace(a_risk_version(), reference=reference)
    message = await refusal(lambda _: loaded)
    assert message.startswith(REFUSED)
    assert "environment" in message


async def test_the_reason_of_not_being_ready_is_what_happens_now() -> None:
    lifecycle, seen, loaded = Lifecycle(lambda: 0.0), list[str](), a_risk_version()

    def load(_: Path) -> Loaded:
        seen.append(lifecycle.reason)
        if len(seen) == 1:
            raise UnreachableError("the store is away")
        return loaded

    await asyncio.wait_for(started(load, lifecycle), 60)
    assert seen == ["downloading", "downloading: the store is away"]
    assert lifecycle.reason == "warming up"


BINS = st.one_of(
    st.none(),
    st.tuples(st.lists(st.floats(-5, 5), max_size=4, unique=True), st.lists(st.integers(0, 3), min_size=7, max_size=7)),
)


@settings(max_examples=50)
@given(
    numbers=BINS,
    kind=st.sampled_from([Kind.NUMBER, Kind.INTEGER]),
    nullable=st.booleans(),
    bounds=st.sampled_from([(None, None), (-3.0, 3.0), (2.0, None), (None, -2.0)]),
    teams=st.sampled_from([None, (3, 0, 0, 1), (0, 0, 5, 5), (0, 0, 0, 0)]),
    seed=st.integers(0, 9),
)
def test_rows_to_warm_up_on_are_allowed_by_the_schema(
    numbers: Any, kind: Kind, nullable: bool, bounds: Any, teams: Any, seed: int
) -> None:
    features = (
        Feature("n", kind, nullable, *bounds),
        Feature("team", Kind.STRING, nullable, categories=("a", "b"), closed=True),
        Feature("flag", Kind.BOOLEAN, nullable),
    )
    known: dict[str, Distribution] = {"flag": Distribution(CategoryBins(("False", "True")), (1, 1, 0, 1))}
    if numbers is not None:
        edges, counts = tuple(sorted(numbers[0])), numbers[1]
        known["n"] = Distribution(NumericBins(edges, -6.0, 6.0), tuple(counts[: len(edges) + 3]))
    if teams is not None:
        known["team"] = Distribution(CategoryBins(("a", "b")), teams)
    rows = draw_rows(features, Reference(9, known), 20, random.Random(seed))
    columns = {feature.name: column for feature, column in zip(features, rows.columns, strict=True)}
    assert Schema(features).from_columns(columns, 20) == rows


def test_rows_to_warm_up_on_are_spread_like_the_reference() -> None:
    loaded = a_risk_version()
    rows = draw_rows(RISK, loaded.reference, 400, random.Random(1))
    environments = rows.columns[1]
    assert 120 < environments.count("prod") < 280
    assert None in rows.columns[2]
    assert {True, False} == set(rows.columns[4])
    assert len(set(rows.columns[0])) > 50


def test_without_a_reference_rows_are_typical() -> None:
    rows = draw_rows(RISK, None, 2, random.Random(1))
    assert rows.columns == ([0, 0], ["dev", "dev"], ["Mobile", "Mobile"], [0.0, 0.0], [False, False])
