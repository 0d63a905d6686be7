"""The life of the operator's process: watch, wait for the Lease, work, and leave in good order.

A signal lets running passes end and gives the Lease up. A lost Lease breaks them off, and the process waits for the
Lease again: where Kubernetes starts a process anew it takes its time, minutes after a few losses. A lost watch ends
the process at once with an error; nothing is kept in it that matters.
"""

import asyncio
import logging
import signal
import threading
from collections.abc import Coroutine
from typing import Any

from seatrial.adapters.kube_client import KubeClient
from seatrial.controller.assembly import Operator
from seatrial.controller.handlers import watch
from seatrial.controller.queue import sweep
from seatrial.controller.settings import Settings
from seatrial.controller.tasks import cancel_all
from seatrial.ports import ClusterError

DRAIN = 15.0  # seconds in which running passes may end
_AGAIN = 2.0  # seconds until a failed listing is tried again

_log = logging.getLogger(__name__)


async def run(settings: Settings) -> int:
    """Run the operator; return the process's exit code."""
    operator = Operator(settings, await KubeClient.connect())
    signalled, unwatch = asyncio.Event(), threading.Event()
    _on_signals(signalled)
    tasks = [asyncio.create_task(work, name=name) for name, work in _parts(operator, unwatch).items()]
    stopping = asyncio.create_task(signalled.wait(), name="signal")
    try:
        await asyncio.wait({stopping, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        good = not any(task.done() for task in tasks)
        _tell_why(tasks)
        if good:
            await _drain(operator)
    finally:
        unwatch.set()
        await cancel_all([stopping, *tasks])
        await operator.leadership.release()
        await operator.close()
    return 0 if good else 1


def _parts(operator: Operator, unwatch: threading.Event) -> dict[str, Coroutine[Any, Any, None]]:
    """Return what runs as long as the process does: the end of any is the end of all."""
    return {
        "watch": watch(operator.seen, unwatch),
        "resync": operator.resync.run(),
        "serve": _serve(operator),
        "work": _work(operator),
    }


async def _serve(operator: Operator) -> None:
    port = await operator.server.start()
    _log.info("metrics and health on port %d", port)
    await asyncio.Event().wait()


async def _work(operator: Operator) -> None:
    """Work whenever this process leads."""
    await _fill(operator)
    while True:
        await operator.leadership.acquire()
        await _lead(operator)


async def _lead(operator: Operator) -> None:
    """Work until the Lease is lost."""
    async with asyncio.TaskGroup() as tasks:
        others = [
            tasks.create_task(operator.queue.run(), name="queue"),
            tasks.create_task(operator.alerts.run(), name="alerts"),
            tasks.create_task(sweep(operator.cache.keys, operator.queue, operator.telemetry.swept), name="sweep"),
        ]
        await operator.leadership.keep()
        for task in others:
            task.cancel()


async def _fill(operator: Operator) -> None:
    """Nothing is decided before everything was seen once."""
    while not operator.filled:
        try:
            await operator.resync.fill()
            operator.filled = True
        except ClusterError as error:
            _log.warning("objects cannot be listed yet: %s", error)
            await asyncio.sleep(_AGAIN)
    _log.info("has seen %d ModelDeployments", len(operator.cache.keys()))


async def _drain(operator: Operator) -> None:
    _log.info("leaves; waits at most %.0f s for running passes", DRAIN)
    operator.queue.close()
    await operator.queue.ended(DRAIN)


def _on_signals(event: asyncio.Event) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, event.set)


def _tell_why(tasks: list["asyncio.Task[Any]"]) -> None:
    for task in tasks:
        if task.done() and not task.cancelled() and (error := task.exception()) is not None:
            _log.error("ends, because it cannot go on", exc_info=error)
