"""The life of the operator's process: what runs while it leads."""

import asyncio
from contextlib import suppress
from types import SimpleNamespace
from typing import cast

from seatrial.controller.assembly import Operator
from seatrial.controller.lifecycle import _work

PARTS = ("queue", "alerts")
LOSSES = 2


class Site:
    """What runs while a process leads, and a Lease that is lost twice, each time once all of it runs."""

    def __init__(self) -> None:
        self.running, self.log = set[str](), list[str]()
        self._all_run = asyncio.Event()

    async def acquire(self) -> None:
        self.log.append(f"leads, and {len(self.running)} run already")

    async def keep(self) -> None:
        await self._all_run.wait()
        if self.log.count("loses the Lease") == LOSSES:
            await asyncio.Event().wait()
        self.log.append("loses the Lease")

    async def run(self, name: str) -> None:
        self.running.add(name)
        if len(self.running) == len(PARTS):
            self._all_run.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.running.remove(name)
            self._all_run.clear()


async def test_who_loses_the_lease_stops_and_campaigns_again() -> None:
    site = Site()
    parts = {name: SimpleNamespace(run=lambda name=name: site.run(name)) for name in PARTS}
    rest = {"cache": SimpleNamespace(keys=list), "telemetry": SimpleNamespace(swept=lambda: None)}
    operator = SimpleNamespace(filled=True, leadership=site, **parts, **rest)
    with suppress(TimeoutError):
        await asyncio.wait_for(_work(cast(Operator, operator)), 0.5)
    leads = "leads, and 0 run already"
    assert site.log == [leads, "loses the Lease", leads, "loses the Lease", leads]
    assert site.running == set()
