"""The ModelDeployments of a real cluster. It is imported late, because the client of Kubernetes is slow to import.

Plain JSON documents in and out, as in the operator; a bound on time; every failure a ClusterError that says what to do.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from math import ceil
from typing import Any

from kubernetes.client import ApiClient
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from seatrial.adapters.kube_kinds import MODEL_API, collection_path
from seatrial.api import KIND
from seatrial.cli.kube_access import find_cluster
from seatrial.cli.kube_errors import Asked, error_for, unreachable
from seatrial.ports import AbsentError, Document

TIMEOUT = 10.0  # seconds for the API server to be connected to, and to say something
_PAGE = 500  # objects of one answer to a list request
_SHOWN = 80  # of an answer that is none
_ACCEPT, _MERGE_PATCH = {"Accept": "application/json"}, {"Content-Type": "application/merge-patch+json"}
_MANAGER = ("fieldManager", "seatrial-cli")
_GONE = 410  # the API server no longer knows the state from which a watch should go on

Query = Sequence[tuple[str, str]]


def connect(kubeconfig: str | None, context: str | None) -> "KubeModelDeployments":
    """Return the ModelDeployments of the cluster that is meant, of which nothing is asked yet; raises RefusedError."""
    configuration, namespace = find_cluster(kubeconfig, context)
    return KubeModelDeployments(ApiClient(configuration), namespace)


class KubeModelDeployments:
    """Those of one API server; `namespace` is that of who names none."""

    def __init__(self, api: ApiClient, namespace: str) -> None:
        self._api, self.namespace = api, namespace

    def read(self, namespace: str, name: str) -> Document:
        """Return one as it is now; AbsentError."""
        return self._answer(self._asked(namespace, name))

    def listing(self, namespace: str | None) -> Iterator[Document]:
        """Yield those of a namespace, or (None) of all, a page at a time."""
        proceed = ""
        while True:
            more = [("continue", proceed)] if proceed else []
            asked = self._asked(namespace)
            match self._answer(asked, query=[("limit", str(_PAGE)), *more]):
                case {"items": list(items), "metadata": {**metadata}}:
                    yield from items
                    proceed = str(metadata.get("continue") or "")
                case answer:
                    raise unreachable(asked, f"it answers {str(answer)[:_SHOWN]}, which is no list")
            if not proceed:
                return

    def annotate(self, document: Document, annotations: Mapping[str, str | None]) -> None:
        """Set annotations of the very object that was read, or (None) remove them; ConflictError where it changed."""
        metadata = document["metadata"]
        changed = {"resourceVersion": metadata["resourceVersion"], "annotations": dict(annotations)}
        asked = self._asked(metadata["namespace"], metadata["name"])
        self._answer(asked, method="PATCH", query=[_MANAGER], body={"metadata": changed})

    def changes(self, namespace: str, name: str, seconds: float) -> Iterator[Document]:
        """Yield one as it is now and each time that it changes, for so long; AbsentError once it is deleted."""
        document = self.read(namespace, name)
        yield document
        query = [
            ("watch", "1"),
            ("fieldSelector", f"metadata.name={name}"),
            ("resourceVersion", document["metadata"]["resourceVersion"]),
            ("timeoutSeconds", str(ceil(seconds))),
        ]
        for event in self._events(self._asked(namespace), query, ceil(seconds) + TIMEOUT):
            match event:
                case {"type": "ERROR", "object": {"code": int(code)}} if code == _GONE:
                    return
                case {"type": "ERROR", "object": {"code": int(code)} as status}:
                    raise error_for(self._asked(namespace, name), code, json.dumps(status).encode())
                case {"type": "DELETED"}:
                    raise AbsentError(f"ModelDeployment {name} in namespace {namespace} was deleted")
                case {"type": "ADDED" | "MODIFIED", "object": changed}:
                    yield changed

    def _asked(self, namespace: str | None, name: str | None = None) -> Asked:
        return Asked(self._api.configuration.host, namespace, name)

    def _answer(
        self, asked: Asked, *, method: str = "GET", query: Query = (), body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Send one request and return the answer's document."""
        with _reached(asked), closing(self._send(asked, method, query, body, TIMEOUT)) as answer:
            return _document(asked, answer.data)

    def _events(self, asked: Asked, query: Query, patience: float) -> Iterator[dict[str, Any]]:
        with _reached(asked), closing(self._send(asked, "GET", query, None, patience)) as answer:
            for line in answer:
                yield _document(asked, line)

    def _send(
        self, asked: Asked, method: str, query: Query, body: Mapping[str, Any] | None, patience: float
    ) -> BaseHTTPResponse:
        """Send one request and return the answer, whose body may take `patience` seconds to begin or to go on."""
        path = collection_path(MODEL_API, KIND, asked.namespace) + (f"/{asked.name}" if asked.name else "")
        headers = _ACCEPT if body is None else _ACCEPT | _MERGE_PATCH
        request = self._api.param_serialize(
            method, path, None, list(query), dict(headers), body, auth_settings=["BearerToken"]
        )
        answer: BaseHTTPResponse = self._api.call_api(*request, _request_timeout=(TIMEOUT, patience)).response
        if answer.status >= 400:
            raise error_for(asked, answer.status, answer.data)
        return answer


@contextmanager
def _reached(asked: Asked) -> Iterator[None]:
    """Turn every way not to get an answer into an UnavailableError."""
    try:
        yield
    except ApiException as error:  # what the client makes of a failure of TLS
        raise unreachable(asked, error.reason) from error
    except (HTTPError, OSError) as error:
        raise unreachable(asked, error.__cause__ or error) from error


def _document(asked: Asked, data: bytes) -> dict[str, Any]:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise unreachable(asked, f"it answers {data[:_SHOWN]!r}, which is no JSON object")
    return document
