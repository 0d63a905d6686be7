"""A thread beside the event loop.

Not the standard library's executor: its threads are joined when the process ends, so a model, a resolver or a
download that hangs would keep a pod from ending.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from typing import TypeVar

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Worker:
    """One daemon thread that runs what it is given, in that order. Callers bound how much they give."""

    def __init__(self, name: str) -> None:
        self._tasks: SimpleQueue[Callable[[], None]] = SimpleQueue()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def submit(self, task: Callable[[], None]) -> None:
        """Run a function some time later; what it raises is logged."""
        self._tasks.put(task)

    async def call(self, function: Callable[[], T]) -> T:
        """Return what a function returns, or raise what it raises; cancelling leaves it running, unheard."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self.submit(partial(_settle, loop, future, function))
        try:
            return await future
        finally:
            del future  # else an error's traceback holds the frame that holds it, and all that was read with it

    async def call_if(self, heavy: bool, function: Callable[[], T]) -> T:
        """Return what a function returns: called here where it is light, in the thread where it is heavy."""
        return await self.call(function) if heavy else function()

    def _run(self) -> None:
        while True:
            task = self._tasks.get()
            try:
                task()
            except Exception:
                _log.exception("a task in the background failed")
            finally:
                del task  # what it holds may be large, and the next may be long in coming


def _settle(loop: asyncio.AbstractEventLoop, future: asyncio.Future[T], function: Callable[[], T]) -> None:
    try:
        result = function()
    except Exception as error:
        tell(loop, _fail, future, error)
    else:
        tell(loop, _succeed, future, result)
    finally:
        del future


def tell(loop: asyncio.AbstractEventLoop, function: Callable[..., object], *arguments: object) -> None:
    """Call a function on the loop from another thread; a loop that has ended needs to hear nothing."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(function, *arguments)


def _succeed(future: asyncio.Future[T], result: T) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[T], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
