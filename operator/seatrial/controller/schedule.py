"""When each key is due: the queue's timing as plain values, so that it can be tried without waiting.

A key is in one pass at a time; what is asked for meanwhile comes after it. Asking twice is asking once, and the
earlier moment wins. Keys of one group, such as a namespace, are in a bounded number of passes at once, so that a group
whose passes all take long leaves room for the others. Times are seconds of any monotonic clock.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

FIRST_BACKOFF, LONGEST_BACKOFF = 0.5, 60.0  # seconds


@dataclass(slots=True)
class Schedule(Generic[K]):
    """Which keys wait, until when, and which are being worked on. Holds one entry a key.

    Of the keys for which `group` returns the same, `most` are worked on at once.
    """

    group: Callable[[K], Hashable] = lambda key: key
    most: int = 1
    _due: dict[K, float] = field(default_factory=dict)
    _heap: list[tuple[float, int, K]] = field(default_factory=list)
    _running: set[K] = field(default_factory=set)
    _busy: Counter[Hashable] = field(default_factory=Counter)  # how many of a group run
    _held: dict[Hashable, list[tuple[float, int, K]]] = field(default_factory=dict)  # due, in groups that are busy
    _failures: dict[K, tuple[int, float]] = field(default_factory=dict)  # how many, and when to try again
    _count: int = 0  # keeps keys of the same moment in the order in which they came

    def add(self, key: K, due: float) -> None:
        """Ask for a pass at `due`, or earlier where one is asked for already."""
        if due >= self._due.get(key, float("inf")):
            return
        self._due[key] = due
        if key not in self._running:
            self._push(key, due)

    def take(self, now: float) -> K | None:
        """Return a key whose pass is due and may begin, None where there is none."""
        while self._heap and self._heap[0][0] <= now:
            entry = heapq.heappop(self._heap)
            due, _, key = entry
            group = self.group(key)
            if not self._is_current(key, due):
                continue
            if self._busy[group] >= self.most:
                heapq.heappush(self._held.setdefault(group, []), entry)
                continue
            del self._due[key]
            self._running.add(key)
            self._busy[group] += 1
            return key
        return None

    def done(self, key: K) -> None:
        """End a key's pass; what was asked for during it may begin now."""
        group = self.group(key)
        self._running.discard(key)
        self._busy[group] -= 1
        if not self._busy[group]:
            del self._busy[group]
        if key in self._due:
            self._push(key, self._due[key])
        self._let_one_in(group)

    def succeeded(self, key: K) -> None:
        """Begin the backoff anew at the next failure."""
        self._failures.pop(key, None)

    def failed(self, key: K, now: float, fraction: float, longest: float = LONGEST_BACKOFF) -> float:
        """Count a failure and return the seconds to wait, at most `longest`.

        The wait doubles each time, and half of it is `fraction` in [0, 1). A pass that was asked for before the wait
        was over and failed too says nothing new: events double nothing.
        """
        failures, until = self._failures.get(key, (0, now))
        if now < until:
            return min(longest, until - now)
        wait: float = min(longest, FIRST_BACKOFF * 2 ** min(failures, 16)) * (0.5 + fraction / 2)
        self._failures[key] = (failures + 1, now + wait)
        return wait

    def next_due(self) -> float | None:
        """Return when the next pass may begin, None where none is asked for."""
        while self._heap and not self._is_current(self._heap[0][2], self._heap[0][0]):
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def waiting(self, now: float) -> int:
        """Return how many passes are due, but have not begun."""
        return sum(due <= now for due in self._due.values())

    def due_since(self, now: float) -> float:
        """Return when the pass that waits longest was due; `now` where none waits."""
        return min([now, *self._due.values()])

    @property
    def running(self) -> frozenset[K]:
        """The keys that are being worked on."""
        return frozenset(self._running)

    def _let_one_in(self, group: Hashable) -> None:
        """Let the key of a group that was held longest be taken; one that was asked for anew since is in line."""
        held = self._held.get(group, [])
        while held:
            entry = heapq.heappop(held)
            if self._is_current(entry[2], entry[0]):
                heapq.heappush(self._heap, entry)
                break
        if not held:
            self._held.pop(group, None)

    def _is_current(self, key: K, due: float) -> bool:
        return self._due.get(key) == due and key not in self._running

    def _push(self, key: K, due: float) -> None:
        self._count += 1
        heapq.heappush(self._heap, (due, self._count, key))
        if len(self._heap) > 2 * len(self._due) + 64:  # mostly entries that an earlier moment replaced
            self._heap = [entry for entry in self._heap if self._is_current(entry[2], entry[0])]
            heapq.heapify(self._heap)
