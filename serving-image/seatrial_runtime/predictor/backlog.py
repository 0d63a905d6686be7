"""What waits to be told to others after an answer has been sent: bounded, and never in the way of a request."""

import asyncio
from collections import deque
from typing import Generic, Protocol, TypeVar


class Told(Protocol):
    """What others are told: `count` rows, which came in `size` bytes."""

    @property
    def count(self) -> int:
        """Rows."""

    @property
    def size(self) -> int:
        """Bytes as they came; in memory they take several times as many."""


T = TypeVar("T", bound=Told)


class Backlog(Generic[T]):
    """A queue bounded in items, and in the rows and bytes that they hold; the event loop's."""

    def __init__(self, items: int, rows: int, size: int) -> None:
        self._most_items, self._most_rows, self._most_bytes = items, rows, size
        self._items: deque[T] = deque()
        self._filled = asyncio.Event()
        self.rows = self.size = 0

    def offer(self, item: T) -> bool:
        """Put an item at the end; False where there is no room."""
        if len(self._items) >= self._most_items:
            return False
        if self.rows + item.count > self._most_rows or self.size + item.size > self._most_bytes:
            return False
        self._items.append(item)
        self._hold(item.count, item.size)
        self._filled.set()
        return True

    def pop(self) -> T | None:
        """Take the first item; None where there is none."""
        if not self._items:
            return None
        item = self._items.popleft()
        self._hold(-item.count, -item.size)
        if not self._items:
            self._filled.clear()
        return item

    async def filled(self) -> None:
        """Wait until there is an item."""
        await self._filled.wait()

    async def take(self) -> T:
        """Wait for an item and take it."""
        while True:
            await self._filled.wait()
            if (item := self.pop()) is not None:
                return item

    def _hold(self, rows: int, size: int) -> None:
        self.rows += rows
        self.size += size
