"""The thread that takes rows to the store: every few seconds, sooner where many wait, and once more at the end."""

import logging
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from threading import Event, Thread
from typing import TypeVar

from seatrial.contract.reading import DocumentError
from seatrial.contract.schema import Output
from seatrial.store.objects import StoreError
from seatrial_runtime.collector.access import Connect
from seatrial_runtime.collector.configuration import Configuration
from seatrial_runtime.collector.messages import Kind
from seatrial_runtime.collector.parquet import encode_rows
from seatrial_runtime.collector.parts import KINDS, Part, close_part, open_parts, plan_part, read_part
from seatrial_runtime.collector.troubles import Cause, Troubles, cause_of
from seatrial_runtime.collector.writer import Work, Writer

T = TypeVar("T")

_log = logging.getLogger(__name__)
_WAIT = 30.0  # seconds for one transaction
_MANIFESTS = 5  # read in one round
_SWEEPS = 40  # transactions in one round

ReadOutput = Callable[[str], Output]  # version -> what its manifest says of its answers; StoreError, DocumentError


class Flusher:
    """Takes rows to the store until it is closed. A store that does not answer only delays it."""

    def __init__(
        self,
        writer: Writer,
        reader: sqlite3.Connection,
        connect: Connect,
        configuration: Configuration,
        read_output: ReadOutput,
        now: Callable[[], int],
    ) -> None:
        self._writer, self._reader, self._connect = writer, reader, connect
        self._configuration, self._read_output, self._now = configuration, read_output, now
        self._wake, self._closing = Event(), Event()
        self._rows = 0
        self._troubles = Troubles()
        self.failures: Counter[Cause] = Counter()  # attempts of `flush`
        self._thread = Thread(target=self._run, name="flusher", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def noticed(self, rows: int) -> None:
        """Say that rows were taken: enough of them start a flush early."""
        self._rows += rows
        if self._rows >= self._configuration.flush_rows:
            self._wake.set()

    def close(self, timeout: float) -> None:
        """Flush once more and stop, within a time in seconds; what is left waits on the volume."""
        self._closing.set()
        self._wake.set()
        self._thread.join(timeout)

    def flush(self) -> None:
        """Take every row that has yet to be stored; raises StoreError where the store refuses."""
        self._rows = 0
        for part in open_parts(self._reader):
            self._send(part)
        for kind in KINDS:
            while planned := self._plan(kind):
                self._send(planned)

    def _run(self) -> None:
        while not self._round():
            self._attempt(self._learn)
            self._attempt(self._sweep)
        self._reader.close()

    def _round(self) -> bool:
        """Wait and flush; says whether that was the last time: a flush that begins after `close` was called."""
        self._wake.wait(self._configuration.flush_interval)
        self._wake.clear()
        last = self._closing.is_set()
        if error := self._attempt(self.flush):
            self.failures[cause_of(error)] += 1
        return last

    def _attempt(self, step: Callable[[], None]) -> Exception | None:
        name = step.__name__.strip("_")
        try:
            step()
        except Exception as error:
            self._troubles.met(name, error)
            return error
        self._troubles.over(name)
        return None

    def _plan(self, kind: Kind) -> Part | None:
        home, rows = self._configuration.home, self._configuration.flush_rows
        return self._do(lambda db, _: plan_part(db, home, kind, rows))

    def _send(self, part: Part) -> None:
        begun = time.monotonic()
        rows = read_part(self._reader, part)
        self._connect().put(part.key, encode_rows(part.kind, rows))
        self._do(lambda db, _: close_part(db, part))
        _log.info("stored %d %s in %.2f s as %s", len(rows), part.kind, time.monotonic() - begun, part.key)

    def _learn(self) -> None:
        """Read the manifests of versions that were seen for the first time, to know what a label of theirs can be."""
        failed = []
        for version in self._do(lambda _, ledger: ledger.versions_without_output(_MANIFESTS)):
            if self._closing.is_set():
                break
            try:
                output = self._read_output(version)
            except (StoreError, DocumentError) as error:
                failed.append(f"the manifest of version {version} could not be read: {error}")
            else:
                self._do(_learned(version, output))
        if failed:
            raise StoreError("; ".join(failed))

    def _sweep(self) -> None:
        for _ in range(_SWEEPS):
            if not self._do(lambda _, ledger: ledger.sweep(self._now())):
                return

    def _do(self, work: Work[T]) -> T:
        return self._writer.submit(work).result(_WAIT)


def _learned(version: str, output: Output) -> Work[None]:
    return lambda _, ledger: ledger.learn_output(version, output)
