"""What only the operator's own image can show: it has another Python than the tests."""

import pytest

from tests.system.installation import NAMESPACE, RELEASE
from tests.system.site import Site

pytestmark = pytest.mark.cluster

# Passes fail out of task groups, more often than there are workers; then others are to be done.
PROGRAM = """
import asyncio, logging, sys
from seatrial.controller.queue import WorkQueue
from seatrial.ports import Key

class Watcher:
    def passed(self, seconds): done.append(seconds)
    def failed(self, kind, seconds): failed.append(kind)

async def fails():
    raise ValueError("nobody foresaw this")

async def work(key):
    if key.namespace == "bad":
        async with asyncio.TaskGroup() as group:
            group.create_task(fails())
            group.create_task(asyncio.sleep(0.01))

async def main():
    queue = WorkQueue(work, Watcher(), workers=4, patience=lambda key: 0.01)
    running = asyncio.create_task(queue.run())
    queue.add(Key("bad", "one"))
    while len(failed) < 20 and not running.done():
        await asyncio.sleep(0.01)
    queue.add(Key("good", "one"))
    while not done and not running.done():
        await asyncio.sleep(0.01)
    print(sys.version.split()[0], failed[0], "done" if done else "the queue ended")
    queue.close()
    await running

logging.disable(logging.CRITICAL)
done, failed = [], []
asyncio.run(asyncio.wait_for(main(), 60))
"""


def test_workers_outlive_whatever_a_pass_raises(site: Site) -> None:
    said = site.commands.ctl("exec", f"deployment/{RELEASE}", "-n", NAMESPACE, "--", "python", "-c", PROGRAM)
    assert said.split()[1:] == ["ExceptionGroup", "done"], said
