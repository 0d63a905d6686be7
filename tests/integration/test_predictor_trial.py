"""A serving predictor and a shadow, on loopback: what one answers, the other is shown and compared with."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from seatrial.contract import metrics as names
from seatrial.contract.schema import Feature
from seatrial_runtime.loading import Loaded
from tests.unit.predictor.given import (
    RISK,
    a_pipeline,
    a_predictor,
    a_risk_version,
    a_row,
    some_rows,
    their_risk,
)
from tests.unit.predictor.given_clock import until
from tests.unit.predictor.given_collector import a_collector

HOST = "risk-shadow.ml.svc"
STABLE_IP, SHADOW_IP = "127.9.9.9", "127.0.0.1"
STABLE, CANDIDATE = "0123456789", "9876543210"


class Trial:
    """Two predictors and a client of the first."""

    def __init__(self, stable: str, shadow: str, session: aiohttp.ClientSession) -> None:
        self.stable, self.shadow, self._session = stable, shadow, session

    async def ask(self, *rows: dict[str, Any]) -> list[str]:
        """Ask the stable predictor, which answers; return the ids."""
        body = {"instances": list(rows)}
        async with self._session.post(self.stable + "/v1/models/risk:predict", json=body) as answer:
            assert answer.status == 200
            return [one["prediction_id"] for one in (await answer.json())["predictions"]]

    async def counted(self, address: str, name: str, **labels: str) -> float:
        """Return the sum of the samples that have these labels."""
        async with self._session.get(address + "/metrics") as answer:
            families = text_string_to_metric_families(await answer.text())
        samples = [s for family in families for s in family.samples if s.name == name]
        return sum(s.value for s in samples if labels.items() <= s.labels.items())

    async def until(self, address: str, name: str, value: float, **labels: str) -> None:
        """Wait until at least so many are counted."""
        async with asyncio.timeout(20):
            while await self.counted(address, name, **labels) < value:  # noqa: ASYNC110 - only the count tells
                await asyncio.sleep(0.02)

    async def compared(self) -> dict[str, float]:
        """Return the shadow's comparisons by result."""
        return {r: await self.counted(self.shadow, names.SHADOW_COMPARISONS, result=r) for r in names.RESULTS}


@asynccontextmanager
async def a_trial(
    stable: Loaded,
    candidate: Loaded,
    addresses: Callable[[], set[str]],
    sample: int = 100,
    collector: str | None = None,
    stable_collects: bool = True,
) -> AsyncIterator[Trial]:
    def resolver(host: str, family: int) -> frozenset[str]:
        assert host == HOST
        return frozenset(addresses())

    both = {"shadow_host": HOST, "resolver": resolver}
    theirs = {**both, "revision": CANDIDATE, "shadow_sample": sample, "collector_url": collector}
    own = {**both, "collector_url": collector if stable_collects else None}
    async with (
        aiohttp.ClientSession() as session,
        a_predictor(candidate, pod_ip=SHADOW_IP, **theirs) as shadow,
        a_predictor(stable, pod_ip=STABLE_IP, shadow_port=urlsplit(shadow).port, **own) as address,
    ):
        yield Trial(address, shadow, session)


@pytest.fixture(autouse=True)
def _look_up_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seatrial_runtime.predictor.peers._INTERVAL", 0.02)


@pytest.fixture(scope="module")
def stable() -> Loaded:
    return a_risk_version()


def a_candidate(estimator: Any = None, features: tuple[Feature, ...] = RISK) -> Loaded:
    loaded = a_risk_version(version="8")
    return replace(
        loaded,
        estimator=estimator or loaded.estimator,
        manifest=replace(loaded.manifest, features=features),
    )


async def test_the_same_model_agrees_on_every_request(stable: Loaded) -> None:
    async with a_trial(stable, a_candidate(), lambda: {SHADOW_IP}) as trial:
        await until_posted(trial)
        before = await trial.compared()
        for _ in range(20):
            await trial.ask(a_row(), a_row(files_changed=3, team=None))
        agreed = before[names.AGREE] + 20  # requests of two rows
        await trial.until(trial.shadow, names.SHADOW_COMPARISONS, agreed, result=names.AGREE)
        compared = await trial.compared()
        assert compared[names.DISAGREE] == compared[names.ERROR] == 0
        # The shadow's traffic is no live traffic, and its own answers are shown to nobody.
        assert await trial.counted(trial.shadow, names.REQUESTS, traffic=names.LIVE) == 0
        assert await trial.counted(trial.shadow, names.DURATION + "_count", traffic=names.SHADOW) >= 20
        assert await trial.counted(trial.shadow, names.PREDICTIONS, traffic=names.SHADOW) >= before[names.AGREE] + 40
        assert await trial.counted(trial.shadow, names.SHADOW_DROPPED) == 0
        assert await trial.counted(trial.stable, names.SHADOW_COMPARISONS) == 0


async def test_another_model_disagrees(stable: Loaded) -> None:
    rows = some_rows()
    contrary = a_pipeline().fit(rows, [{"High": "Low", "Low": "Medium"}.get(r, "High") for r in their_risk(rows)])
    async with a_trial(stable, a_candidate(contrary), lambda: {SHADOW_IP}) as trial:
        await until_posted(trial)
        compared = await trial.compared()
        assert compared[names.DISAGREE] > 0
        assert compared[names.AGREE] == compared[names.ERROR] == 0


async def test_a_model_that_fails_on_what_stable_answered_errs(stable: Loaded) -> None:
    known = some_rows()[lambda rows: rows["team"] != "Mobile"]
    picky = a_pipeline(handle_unknown="error").fit(known, their_risk(known))
    async with a_trial(stable, a_candidate(picky), lambda: {SHADOW_IP}) as trial:
        await until_posted(trial)
        await trial.ask(a_row(team="Mobile"), a_row())
        await trial.until(trial.shadow, names.SHADOW_COMPARISONS, 1, result=names.ERROR)
        assert await trial.counted(trial.shadow, names.REQUESTS, traffic=names.SHADOW, outcome=names.ERROR) == 1


async def test_a_schema_that_refuses_what_stable_answered_errs(stable: Loaded) -> None:
    narrow = (replace(RISK[0], maximum=250), *RISK[1:])
    async with a_trial(stable, a_candidate(features=narrow), lambda: {SHADOW_IP}) as trial:
        await until_posted(trial)
        await trial.ask(a_row(files_changed=251))
        await trial.until(trial.shadow, names.SHADOW_COMPARISONS, 1, result=names.ERROR)
        assert await trial.counted(trial.shadow, names.REQUESTS, traffic=names.SHADOW, outcome=names.ERROR) == 1


async def test_the_collector_hears_of_one_row_of_each_request_what_the_candidate_says(stable: Loaded) -> None:
    async with (
        a_collector() as collector,
        a_trial(stable, a_candidate(), lambda: {SHADOW_IP}, collector=collector.url) as trial,
    ):
        await until_posted(trial)
        asked = [await trial.ask(a_row(), a_row(files_changed=3)) for _ in range(5)]
        names_asked = {name for ids in asked for name in ids}
        await until(lambda: sum(answer.id.hex() in names_asked for answer in collector.shadow_answers) == 5)
        by_id = {answer.id.hex(): answer for answer in collector.shadow_answers}
        drawn = [[name for name in ids if name in by_id] for ids in asked]
        assert [len(names) for names in drawn] == [1] * 5
        for ids, (name,) in zip(asked, drawn, strict=True):
            said = by_id[name]
            assert (said.revision, said.version, said.control) == (CANDIDATE, "8", STABLE)
            assert said.prediction == ("High" if name == ids[0] else "Low")
        assert {prediction.revision for post in collector.posts for prediction in post} == {STABLE}


async def test_the_collector_hears_nothing_of_a_shadow_whose_stable_is_not_collected(stable: Loaded) -> None:
    async with a_collector() as collector:
        async with a_trial(
            stable, a_candidate(), lambda: {SHADOW_IP}, collector=collector.url, stable_collects=False
        ) as trial:
            await until_posted(trial)
        assert collector.shadow_answers == []


async def test_a_shadow_gets_the_sample_that_it_wants_and_the_rest_is_not_dropped(stable: Loaded) -> None:
    async with a_trial(stable, a_candidate(), lambda: {SHADOW_IP}, sample=1) as trial:
        await until_posted(trial)
        before = sum((await trial.compared()).values())
        for _ in range(100):
            await trial.ask(a_row())
        await asyncio.sleep(0.1)
        assert sum((await trial.compared()).values()) < before + 20
        refused = await trial.counted(trial.stable, names.SHADOW_DROPPED, reason="refused")  # before it knew itself
        assert await trial.counted(trial.stable, names.SHADOW_DROPPED) == refused


async def test_a_dead_shadow_costs_the_callers_nothing(stable: Loaded) -> None:
    async with a_trial(stable, a_candidate(), lambda: {"127.0.0.77"}) as trial:
        async with asyncio.timeout(20):
            while await trial.counted(trial.stable, names.SHADOW_DROPPED) == 0:
                await trial.ask(a_row())
        await trial.ask(a_row())
        assert await trial.counted(trial.stable, names.REQUESTS, outcome=names.ERROR) == 0
        assert sum((await trial.compared()).values()) == 0


async def test_a_trial_that_ends_ends_the_posting(stable: Loaded) -> None:
    addresses = {SHADOW_IP}
    async with a_trial(stable, a_candidate(), lambda: addresses) as trial:
        await until_posted(trial)
        addresses.clear()
        async with asyncio.timeout(20):
            while True:  # until both have looked the name up again
                before = await trial.compared()
                await trial.ask(a_row())
                await asyncio.sleep(0.1)
                if await trial.compared() == before:
                    break
        dropped = await trial.counted(trial.stable, names.SHADOW_DROPPED)
        for _ in range(20):
            await trial.ask(a_row())
        assert await trial.counted(trial.stable, names.SHADOW_DROPPED) == dropped


async def until_posted(trial: Trial) -> None:
    """Ask until the shadow has compared something: both have looked up the name then."""
    async with asyncio.timeout(20):
        while sum((await trial.compared()).values()) == 0:
            await trial.ask(a_row())
            await asyncio.sleep(0.02)
