"""What a predictor answers reaches the collector, even what it answered last."""

from typing import Any

import aiohttp

from tests.unit.predictor.given import a_predictor, a_risk_version, a_row
from tests.unit.predictor.given_collector import a_collector


async def answers(address: str, session: aiohttp.ClientSession, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    async with session.post(address + "/v1/models/risk:predict", json={"instances": list(rows)}) as answer:
        found: list[dict[str, Any]] = (await answer.json()).get("predictions", [])
        return found


async def test_each_answered_row_is_told_once_with_its_id_and_values() -> None:
    loaded = a_risk_version()
    async with a_collector() as collector, aiohttp.ClientSession() as session:
        async with a_predictor(loaded, collector_url=collector.url) as address:
            first = await answers(address, session, a_row(), a_row(team=None, load=None, files_changed=3))
            refused = await answers(address, session, a_row(files_changed="x"))
            last = await answers(address, session, a_row(frozen=True))
        told = [item for post in collector.posts for item in post]
        assert refused == []
        assert [item.id.hex() for item in told] == [answer["prediction_id"] for answer in first + last]
        assert [item.prediction for item in told] == [b'"High"', b'"Low"', b'"High"']
        assert told[1].features == b'{"environment":"prod","files_changed":3,"frozen":false,"load":null,"team":null}'
        assert {(item.revision, item.version) for item in told} == {("0123456789", "7")}
