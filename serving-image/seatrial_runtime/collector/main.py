"""A collector as a process: opens its database, starts its threads, serves until SIGTERM."""

import signal
import time
from collections.abc import Callable

import uvicorn

from seatrial.contract.manifest import MAXIMUM_BYTES, parse_manifest
from seatrial.contract.schema import Output
from seatrial_runtime.collector.access import Connect
from seatrial_runtime.collector.app import App
from seatrial_runtime.collector.configuration import Configuration
from seatrial_runtime.collector.database import open_database
from seatrial_runtime.collector.flusher import Flusher
from seatrial_runtime.collector.ledger import Ledger
from seatrial_runtime.collector.writer import Writer

_FILE = "collector.sqlite"
_LAST_FLUSH, _LAST_COMMIT, _DRAIN = 15.0, 5.0, 5.0  # seconds: together below a pod's 30 s of grace


def now_microseconds() -> int:
    """Return the time in microseconds since 1970 UTC."""
    return time.time_ns() // 1000


def build(configuration: Configuration, connect: Connect, now: Callable[[], int] = now_microseconds) -> App:
    """Open the database and start the threads; the application closes them."""
    configuration.folder.mkdir(parents=True, exist_ok=True)
    path = configuration.folder / _FILE
    db = open_database(path)
    writer = Writer(db, Ledger(db, configuration.limits))

    def read_output(version: str) -> Output:
        return parse_manifest(connect().get(configuration.home.manifest(version), maximum=MAXIMUM_BYTES).body).output

    flusher = Flusher(writer, open_database(path), connect, configuration, read_output, now)
    flusher.start()

    def close() -> None:
        flusher.close(_LAST_FLUSH)
        writer.close(_LAST_COMMIT)

    return App(writer, configuration.namespace, configuration.name, now, flusher.noticed, close, flusher.failures)


def serve(configuration: Configuration, connect: Connect, host: str = "0.0.0.0") -> None:  # noqa: S104 - a pod's
    """Serve until SIGTERM or SIGINT: what is under way is answered, then everything is flushed once more."""
    # uvicorn raises the signal again when it is done, which would end the process as though it had been killed.
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: None)
    uvicorn.run(
        build(configuration, connect),
        host=host,
        port=configuration.port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=int(_DRAIN),
        limit_concurrency=1000,
    )
