"""What waits to be told to others after an answer has been sent: bounded, and never in the way of a request."""

import asyncio
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Backlog(Generic[T]):
    """A queue bounded in items and in the rows that they hold; the event loop's."""

    def __init__(self, items: int, rows: int) -> None:
        self._room, self._row_room = items, rows
        self._items: deque[tuple[T, int]] = deque()
        self._filled = asyncio.Event()
        self.rows = 0

    def offer(self, item: T, rows: int) -> bool:
        """Put an item of so many rows at the end; False where there is no room."""
        if len(self._items) >= self._room or self.rows + rows > self._row_room:
            return False
        self._items.append((item, rows))
        self.rows += rows
        self._filled.set()
        return True

    def pop(self) -> T | None:
        """Take the first item; None where there is none."""
        if not self._items:
            return None
        item, rows = self._items.popleft()
        self.rows -= rows
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
