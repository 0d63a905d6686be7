"""The API server over HTTP: plain JSON documents in and out, a bound on time, every failure a ClusterError.

kubernetes.aio brings configuration, credentials and connections. Its typed models are left out: they cost memory, and
their partial bodies break server-side apply.
"""

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.config import ConfigException, load_incluster_config, load_kube_config

from seatrial.adapters.apply_patch import APPLY, apply_body
from seatrial.adapters.unreachable import cause
from seatrial.ports import AbsentError, ClusterError, ConflictError, RefusedError, UnavailableError

TIMEOUT = 10.0  # seconds for one request, from connecting to the last byte
JSON, JSON_PATCH = "application/json", "application/json-patch+json"
_SHOWN = 300  # characters of an answer that is no Status


async def load_configuration() -> Configuration:
    """Return how to reach the API server: the pod's own account, else the kubeconfig that KUBECONFIG names."""
    configuration = Configuration()
    try:
        load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
    except ConfigException:
        named = os.environ.get("KUBECONFIG")  # as it is now; the library reads it when it is imported
        await load_kube_config(named, client_configuration=configuration)  # type: ignore[no-untyped-call]
    return configuration


class KubeClient:
    """Requests to one API server."""

    def __init__(self, api: ApiClient) -> None:
        self._api = api

    @classmethod
    async def connect(cls) -> "KubeClient":
        """Return a client for the cluster that this process belongs to."""
        return cls(ApiClient(await load_configuration()))

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()  # type: ignore[no-untyped-call]

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Sequence[tuple[str, str]] = (),
        body: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
        content_type: str = JSON,
    ) -> dict[str, Any]:
        """Send one request and return the answer's document; raises ClusterError."""
        what = f"{method} {path}"
        try:
            status, data = await self._send(method, path, list(query), body, content_type)
        except TimeoutError:
            raise UnavailableError(f"{what}: the API server did not answer within {TIMEOUT:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise UnavailableError(f"{what}: the API server cannot be reached: {cause(error)}") from error
        if status >= 400:
            raise error_for(status, f"{what}: {_own_words(data)} ({status})")
        return _document(what, data)

    async def _send(
        self, method: str, path: str, query: list[tuple[str, str]], body: Any, content_type: str
    ) -> tuple[int, bytes]:
        headers = {"Accept": JSON, "Content-Type": content_type}
        written = apply_body(body) if content_type == APPLY else body
        request = await self._api.param_serialize(
            method, path, query_params=query, header_params=headers, body=written, auth_settings=["BearerToken"]
        )
        answer = await self._api.call_api(*request, _request_timeout=aiohttp.ClientTimeout(total=TIMEOUT))
        return answer.status, await answer.read()  # type: ignore[no-untyped-call]


def error_for(status: int, message: str) -> ClusterError:
    """Return the error that an HTTP status means."""
    match status:
        case 404:
            return AbsentError(message)
        case 409:
            return ConflictError(message)
        case 429:
            return UnavailableError(message)
        case _ if status < 500:
            return RefusedError(message)
        case _:
            return UnavailableError(message)


def _own_words(data: bytes) -> str:
    try:
        return str(json.loads(data)["message"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return data[:_SHOWN].decode(errors="replace") or "no reason was given"


def _document(what: str, data: bytes) -> dict[str, Any]:
    try:
        document = json.loads(data)
    except RecursionError:
        raise UnavailableError(f"{what}: the answer is nested too deeply to be the API server's") from None
    except ValueError:
        document = None
    if not isinstance(document, dict):
        shown = data[:_SHOWN].decode(errors="replace")
        raise UnavailableError(f"{what}: the answer is no JSON object, but {shown!r}: is something in front of it?")
    return document
