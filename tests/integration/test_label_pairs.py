"""Paired labels, end to end: a stable predictor, a shadow and a collector as processes, and an application's labels.

The collector is killed while pairs are half there, and what it was told is told again.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from seatrial.contract import environment, metrics
from seatrial.contract.http import FEEDBACK_PATH, PREDICTIONS_PATH, SHADOW_ANSWERS_PATH
from tests.integration.collector_process import Collector, Objects, a_store
from tests.integration.predictor_process import Bucket, a_bucket, a_process, until_ready
from tests.unit.predictor.given import a_pipeline, a_row, some_rows, their_risk

STABLE, CANDIDATE = "0123456789", "9876543210"
SHADOW_IP, STABLE_IP = "127.0.0.1", "127.9.9.9"
HIGH = a_row(files_changed=200)  # say both
MEDIUM = a_row(files_changed=100, environment="dev")  # says stable, and the candidate says Low


@dataclass
class Trial:
    """A trial in its shadow stage."""

    stable: str
    shadow: str
    collector: Collector
    session: aiohttp.ClientSession

    async def ask(self, *rows: dict[str, Any]) -> list[str]:
        """Ask stable, which answers; return the ids."""
        body = {"instances": list(rows)}
        async with self.session.post(self.stable + "/v1/models/risk:predict", json=body) as answer:
            return [one["prediction_id"] for one in (await answer.json())["predictions"]]

    async def compared(self) -> float:
        """Return how many requests the shadow has compared."""
        async with self.session.get(self.shadow + "/metrics") as answer:
            families = text_string_to_metric_families(await answer.text())
        return sum(s.value for family in families for s in family.samples if s.name == metrics.SHADOW_COMPARISONS)

    async def tell(self, path: str, field: str, items: list[dict[str, Any]]) -> dict[str, Any]:
        """Post to the collector, which takes it."""
        status, body = await asyncio.to_thread(self.collector.request, "POST", path, {field: items})
        assert status in (200, 202), body
        answer: dict[str, Any] = json.loads(body)
        return answer

    async def label(self, labels: Mapping[str, str]) -> dict[str, Any]:
        """Tell the truth about predictions by their ids."""
        items = [{"id": name, "label": truth} for name, truth in labels.items()]
        return await self.tell(FEEDBACK_PATH, "labels", items)

    async def pairs(self) -> dict[str, float]:
        """Return what the collector has counted for the candidate, but for zeros."""
        whose = {"revision": CANDIDATE, "version": "8", "control": STABLE, "model_name": "deploy-risk"}
        counts = {
            result: await asyncio.to_thread(self.collector.counter, metrics.LABEL_PAIRS, result=result, **whose)
            for result in metrics.PAIR_RESULTS
        }
        return {result: count for result, count in counts.items() if count}

    async def restart(self) -> None:
        """Kill the collector at once, and start it again on the same file."""
        await asyncio.to_thread(self.collector.kill)
        await asyncio.to_thread(self.collector.start)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await condition():  # noqa: ASYNC110 - only asking tells
            await asyncio.sleep(0.05)


@pytest.fixture
def store() -> Iterator[Objects]:
    with a_store() as store:
        yield store


@pytest.fixture
def collector(store: Objects, tmp_path: Path) -> Iterator[Collector]:
    collector = Collector(store, tmp_path, keeps_port=True)
    collector.start()
    yield collector
    collector.kill()


@asynccontextmanager
async def two_versions() -> AsyncIterator[Bucket]:
    """Give a bucket with stable's version 7, and version 8, which has never seen a Medium risk be called so."""
    async with a_bucket() as bucket:
        rows = some_rows()
        truth = ["Low" if risk == "Medium" else risk for risk in their_risk(rows)]
        bucket.publish("8", a_pipeline().fit(rows, truth), rows)
        yield bucket


@pytest.fixture
async def trial(collector: Collector, tmp_path: Path) -> AsyncIterator[Trial]:
    told = {
        environment.SHADOW_HOST: SHADOW_IP,  # a name that resolves to the shadow's own address
        environment.COLLECTOR_URL: f"http://127.0.0.1:{collector.port}",
        environment.TIMEOUT: "10",
    }
    shadows = {**told, environment.REVISION: CANDIDATE, environment.VERSION: "8", environment.POD_IP: SHADOW_IP}
    stables = {**told, environment.REVISION: STABLE, environment.POD_IP: STABLE_IP}
    async with (
        two_versions() as bucket,
        aiohttp.ClientSession() as session,
        a_process(bucket, tmp_path, shadows) as shadow,
        a_process(bucket, tmp_path, stables, urlsplit(shadow.address).port or 0) as stable,
    ):
        await until_ready(shadow, session)
        await until_ready(stable, session)
        trial = Trial(stable.address, shadow.address, collector, session)
        while await trial.compared() == 0:  # until both have looked the name up
            await trial.ask(HIGH)
            await asyncio.sleep(0.05)
        yield trial


async def test_labels_of_what_both_answered_are_counted_as_pairs_once(trial: Trial, store: Objects) -> None:
    (both_right,) = await trial.ask(HIGH)
    (both_wrong,) = await trial.ask(HIGH)
    (stable_right,) = await trial.ask(MEDIUM)
    (candidate_right,) = await trial.ask(MEDIUM)
    several = await trial.ask(MEDIUM, MEDIUM, MEDIUM)
    (last,) = await trial.ask(HIGH)
    # Labels may come before everything else. Predictors tell in order: once the last is a pair, all halves are there.
    await trial.label({last: "High"})
    await until(lambda: is_counted(trial, {metrics.BOTH_RIGHT: 1}))

    await trial.label({stable_right: "Medium"})
    assert await trial.pairs() == {metrics.BOTH_RIGHT: 1, metrics.STABLE_RIGHT: 1}
    await trial.restart()
    assert await trial.pairs() == {metrics.BOTH_RIGHT: 1, metrics.STABLE_RIGHT: 1}
    truths = {both_right: "High", both_wrong: "Low", candidate_right: "Low", **dict.fromkeys(several, "Low")}
    assert (await trial.label(truths))["accepted"] == 6
    # The candidate was right about all three rows of one request, which make one pair.
    expected = {
        metrics.BOTH_RIGHT: 2,
        metrics.CANDIDATE_RIGHT: 2,
        metrics.STABLE_RIGHT: 1,
        metrics.BOTH_WRONG: 1,
    }
    assert await trial.pairs() == expected

    alone = [last, both_right, both_wrong, stable_right, candidate_right]
    await tell_again(trial, alone)
    await trial.restart()
    await tell_again(trial, alone)
    assert await trial.pairs() == expected
    assert await asyncio.to_thread(trial.collector.counter, metrics.COLLECTED, revision=CANDIDATE) == 0
    assert await asyncio.to_thread(trial.collector.end) == 0
    assert {row["revision"] for row in store.rows("predictions")} == {STABLE}, "nobody was served by the shadow"


async def is_counted(trial: Trial, expected: dict[str, float]) -> bool:
    return await trial.pairs() == expected


async def tell_again(trial: Trial, ids: list[str]) -> None:
    """Deliver everything once more, as predictors and applications may who did not hear the answer."""
    heads = [{"id": name, "at": "2026-01-01T00:00:00Z"} for name in ids]
    served = {"revision": STABLE, "version": "7", "features": {}, "prediction": "High"}
    shadowed = {"revision": CANDIDATE, "version": "8", "control": STABLE, "prediction": "High"}
    await trial.tell(PREDICTIONS_PATH, "predictions", [head | served for head in heads])
    await trial.tell(SHADOW_ANSWERS_PATH, "answers", [head | shadowed for head in heads])
    assert (await trial.label(dict.fromkeys(ids, "High")))["accepted"] == 0
