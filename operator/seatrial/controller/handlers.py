"""Watching the cluster: the one importer of kopf.

kopf lists, watches and reconnects. Its handlers here only tell what they saw: nothing is patched, no finalizer is
set, nothing is retried. All that is the queue's, so that one broken object never holds up another.
"""

import asyncio
import dataclasses
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import kopf

from seatrial.adapters.kube_client import load_configuration
from seatrial.adapters.kube_kinds import plural
from seatrial.controller.resync import WATCHED
from seatrial.ports import Document

Tell = Callable[[Document, bool], None]  # the object, and whether it was deleted

# Watches without these go deaf and stay deaf. Credentials are read again, because tokens in pods are short-lived.
_SERVER_TIMEOUT, _CONNECT_TIMEOUT, _REQUEST_TIMEOUT = 600, 10, 60  # seconds
# An API server may be away for ten minutes before the process gives up; a restart would only wait longer.
_AGAIN_AFTER = (1, 2, 4, 8, *(15,) * 40)  # seconds
_PAGE = 500
_CREDENTIALS_HOLD = timedelta(minutes=10)


async def watch(tell: Tell, stop: threading.Event) -> None:
    """Watch until `stop` is set; raises where watching is not possible any more.

    kopf has a thread and an event loop of its own: when it ends, it cancels whatever runs in its loop.
    """
    loop = asyncio.get_running_loop()

    def told(document: Document, deleted: bool) -> None:
        loop.call_soon_threadsafe(tell, document, deleted)

    try:
        await asyncio.to_thread(_watch, told, stop)
    finally:
        stop.set()


def _watch(tell: Tell, stop: threading.Event) -> None:
    kopf.run(
        registry=_registry(tell),
        settings=_settings(),
        clusterwide=True,
        standalone=True,
        # kopf would look the user up, whom a container's /etc/passwd need not know.
        identity="seatrial",  # type: ignore[arg-type]
        stop_flag=stop,
    )


def _settings() -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    settings.posting.enabled = False
    settings.watching.server_timeout = _SERVER_TIMEOUT
    settings.watching.connect_timeout = _CONNECT_TIMEOUT
    settings.watching.chunk_size = _PAGE
    settings.networking.request_timeout = _REQUEST_TIMEOUT
    settings.networking.connect_timeout = _CONNECT_TIMEOUT
    settings.networking.error_backoffs = _AGAIN_AFTER
    for api_version, kind, label in WATCHED:
        if label:
            settings.watching.label_selectors[_resource(api_version, kind)] = label
    return settings


def _registry(tell: Tell) -> kopf.OperatorRegistry:
    registry = kopf.OperatorRegistry()
    kopf.on.login(registry=registry, id="login")(_login)
    for api_version, kind, _ in WATCHED:
        kopf.on.event(*_resource(api_version, kind), registry=registry, id=f"see-{plural(api_version, kind)}")(
            _seer(tell, api_version, kind)
        )
    return registry


def _seer(tell: Tell, api_version: str, kind: str) -> Callable[..., Awaitable[None]]:
    async def see(event: Any, **_: Any) -> None:
        # Objects of an initial listing do not say what they are.
        tell({"apiVersion": api_version, "kind": kind, **event["object"]}, event["type"] == "DELETED")

    return see


def _resource(api_version: str, kind: str) -> tuple[str, str, str]:
    group, _, version = api_version.rpartition("/")
    return group, version, plural(api_version, kind)


async def _login(settings: kopf.OperatorSettings, **_: Any) -> kopf.ConnectionInfo:
    found = kopf.login_with_service_account(settings=settings) or kopf.login_with_kubeconfig(settings=settings)
    if found is None:
        raise kopf.LoginError("there is neither a service account nor a kubeconfig (set KUBECONFIG)")
    configuration = await load_configuration()  # its address needs no DNS
    return dataclasses.replace(found, server=configuration.host, expiration=datetime.now(UTC) + _CREDENTIALS_HOLD)
