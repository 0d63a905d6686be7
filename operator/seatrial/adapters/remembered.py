"""A bounded memory of values that are dear to get and never change."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """At most `size` values by key, the least recently used leave first; safe to use from several threads."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[K, V] = OrderedDict()
        self._lock = Lock()

    def peek(self, key: K) -> V | None:
        """Return the value of a key, None where it is not known."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def get(self, key: K, make: Callable[[], V]) -> V:
        """Return the value of a key, made now where it is not known.

        What `make` raises is not remembered. Two threads that miss at once both make it, and the later one is kept.
        """
        known = self.peek(key)
        return known if known is not None else self.keep(key, make())

    def keep(self, key: K, value: V) -> V:
        """Remember a value, and return it."""
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            if len(self._values) > self._size:
                self._values.popitem(last=False)
        return value
