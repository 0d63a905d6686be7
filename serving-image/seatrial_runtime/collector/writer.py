"""The one thread that writes to SQLite: what waits is committed together, and answered after the commit."""

import sqlite3
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from queue import Empty, Full, Queue
from threading import Thread
from typing import Any, TypeVar

from seatrial_runtime.collector.ledger import Ledger
from seatrial_runtime.collector.room import FullError

T = TypeVar("T")
Work = Callable[[sqlite3.Connection, Ledger], T]

_QUEUE = 1000  # requests that wait for the writer; more are refused
_GROUP = 64  # of them in one transaction


@dataclass(frozen=True, slots=True)
class _Job:
    work: Work[Any]
    answer: "Future[Any]"


class Writer:
    """Runs work in transactions on its own thread. The connection is its alone from now on."""

    def __init__(self, db: sqlite3.Connection, ledger: Ledger) -> None:
        self._db, self._ledger = db, ledger
        self._jobs: Queue[_Job | None] = Queue(_QUEUE)
        self._thread = Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def submit(self, work: Work[T]) -> "Future[T]":
        """Ask for work in a transaction; the future has its result once it is committed. Raises FullError."""
        job = _Job(work, Future())
        try:
            self._jobs.put_nowait(job)
        except Full:
            raise FullError from None
        return job.answer

    def close(self, timeout: float) -> None:
        """Finish what was asked for, then stop and close the connection."""
        self._jobs.put(None, timeout=timeout)
        self._thread.join(timeout)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            group, last = self._gather(job)
            self._commit(group)
            if last:
                break
        self._db.close()

    def _gather(self, first: _Job) -> tuple[list[_Job], bool]:
        group = [first]
        while len(group) < _GROUP:
            try:
                job = self._jobs.get_nowait()
            except Empty:
                break
            if job is None:
                return group, True
            group.append(job)
        return group, False

    def _commit(self, group: list[_Job]) -> None:
        """Run a group in one transaction; work that fails undoes itself alone, a commit that fails undoes all."""
        group = [job for job in group if job.answer.set_running_or_notify_cancel()]
        done: list[tuple[_Job, Any]] = []
        try:
            self._db.execute("BEGIN IMMEDIATE")
            for job in group:
                self._attempt(job, done)
            self._db.execute("COMMIT")
        except BaseException as error:
            self._undo("ROLLBACK")
            for job in group:
                if not job.answer.done():
                    job.answer.set_exception(error)
        else:
            for job, result in done:
                job.answer.set_result(result)

    def _attempt(self, job: _Job, done: list[tuple[_Job, Any]]) -> None:
        self._db.execute("SAVEPOINT job")
        try:
            result = job.work(self._db, self._ledger)
        except Exception as error:
            self._undo("ROLLBACK TO job")
            job.answer.set_exception(error)
        else:
            done.append((job, result))
        self._db.execute("RELEASE job")

    def _undo(self, how: str) -> None:
        if self._db.in_transaction:
            self._db.execute(how)
        self._ledger.forget_caches()
