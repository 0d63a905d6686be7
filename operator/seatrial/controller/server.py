"""The operator's HTTP server: metrics and health."""

from collections.abc import Awaitable, Callable

from aiohttp import web

PORT = 8080
_TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"

Health = Callable[[], str]  # what is wrong; empty: nothing
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """/metrics, /healthz (restart it if not) and /readyz (its cache is full)."""

    def __init__(
        self,
        page: Callable[[], bytes],
        health: Health,
        readiness: Health,
        port: int = PORT,
        host: str | None = None,  # every interface, of IPv4 and IPv6
    ) -> None:
        application = web.Application(client_max_size=1024)
        application.router.add_get("/metrics", _metrics(page))
        application.router.add_get("/healthz", _verdict(health))
        application.router.add_get("/readyz", _verdict(readiness))
        self._runner, self._host, self._port = web.AppRunner(application, access_log=None), host, port

    async def start(self) -> int:
        """Listen; return the port (of 0, the one that was free)."""
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()


def _metrics(page: Callable[[], bytes]) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=page(), headers={"Content-Type": _TEXT_FORMAT})

    return answer


def _verdict(health: Health) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        wrong = health()
        return web.Response(status=503 if wrong else 200, text=(wrong or "ok") + "\n")

    return answer
