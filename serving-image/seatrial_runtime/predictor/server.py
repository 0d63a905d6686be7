"""A predictor as a process: up at once, ready when its model is warm, gone when nobody waits for it any more."""

import asyncio
import contextlib
import logging
import socket
from pathlib import Path
from types import FrameType

import uvicorn

from seatrial.contract import metrics as names
from seatrial.contract.http import PREDICTOR_PORT
from seatrial_runtime.predictor.app import App
from seatrial_runtime.predictor.connection import BoundedConnection
from seatrial_runtime.predictor.exposition import Exposition
from seatrial_runtime.predictor.lifecycle import Lifecycle
from seatrial_runtime.predictor.metrics import Metrics
from seatrial_runtime.predictor.peers import Resolve, resolve
from seatrial_runtime.predictor.serving import Serving
from seatrial_runtime.predictor.settings import Settings
from seatrial_runtime.predictor.starting import Load, start
from seatrial_runtime.predictor.worker import Worker

TERMINATION_LOG = Path("/dev/termination-log")
_QUIET, _LOOK, _DRAIN, _LAST_ANSWERS = 1.0, 0.05, 20.0, 5  # seconds
_KEEP_ALIVE = 3660  # seconds: longer than Envoy's hour, so that it is never this side that ends an idle connection
_CONNECTIONS = 4096
_log = logging.getLogger(__name__)


class _Server(uvicorn.Server):
    """uvicorn's server, with a drain between the signal and the end."""

    def __init__(self, config: uvicorn.Config, lifecycle: Lifecycle) -> None:
        super().__init__(config)
        self._lifecycle = lifecycle
        self._signals, self._signalled = 0, asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to drain; a second signal ends at once."""
        self._signals += 1
        if self._signals > 1:
            self.should_exit = True
        self._loop.call_soon_threadsafe(self._signalled.set)

    async def drain_when_told(self) -> None:
        """Wait for a signal, then until no prediction has been asked for in a while; then end."""
        await self._signalled.wait()
        self._lifecycle.drain()
        _log.info("draining")
        for _ in range(int(_DRAIN / _LOOK)):
            if self._lifecycle.quiet_for() >= _QUIET:
                break
            await asyncio.sleep(_LOOK)
        self.should_exit = True


async def serve(
    settings: Settings,
    load: Load,
    listener: socket.socket,
    *,
    resolver: Resolve = resolve,
    shadow_port: int = PREDICTOR_PORT,
) -> None:
    """Serve until told to end; raises StartError where the version cannot be served."""
    loop = asyncio.get_running_loop()
    lifecycle, metrics = Lifecycle(loop.time), Metrics()
    app = App(settings, lifecycle, metrics, Exposition(identity(settings), metrics))
    server = _Server(_config(app), lifecycle)
    model = Worker("model")

    async def bring_up() -> None:
        started = await start(load, lifecycle, model)
        metrics.answered = started.answered
        app.serving = Serving(settings, started.manifest, started.predict, metrics, model, resolver, shadow_port)
        app.serving.start()
        lifecycle.become_ready()
        _log.info("ready", extra={"fields": {"version": settings.version, "digest": started.answered.info["digest"]}})

    starting = asyncio.create_task(bring_up())
    starting.add_done_callback(lambda task: _end_if_failed(task, server))
    draining = asyncio.create_task(server.drain_when_told())
    await server.serve(sockets=[listener])
    draining.cancel()
    if app.serving is not None:
        await app.serving.stop()
    await _ended(starting)


def identity(settings: Settings) -> dict[str, str]:
    """Return the labels that say whose a series is."""
    return {
        names.NAMESPACE: settings.namespace,
        names.NAME: settings.name,
        names.REVISION: settings.revision,
        names.VERSION: settings.version,
    }


def listen(host: str = "", port: int = PREDICTOR_PORT) -> socket.socket:
    """Return a listening socket: on all addresses, IPv6 too where the machine has it."""
    if not host and socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=2048)
    return socket.create_server((host, port), backlog=2048)


def leave_word(message: str, path: Path = TERMINATION_LOG) -> None:
    """Write the reason of the end where Kubernetes reads it; only where it gave us such a file."""
    with contextlib.suppress(OSError), path.open("r+b") as file:
        file.truncate()
        file.write(message.encode()[:4096])


def _config(app: App) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=BoundedConnection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=_LAST_ANSWERS,
    )


def _end_if_failed(task: asyncio.Task[None], server: uvicorn.Server) -> None:
    if not task.cancelled() and task.exception() is not None:
        server.should_exit = True


async def _ended(starting: asyncio.Task[None]) -> None:
    """Pass on why the start failed; a start that is still under way is of no interest any more."""
    if not starting.done():
        starting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await starting
