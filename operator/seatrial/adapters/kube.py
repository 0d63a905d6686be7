"""The real cluster behind ports.Cluster."""

import base64
import hashlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

from seatrial.adapters.apply_patch import APPLY
from seatrial.adapters.kube_client import JSON_PATCH, KubeClient
from seatrial.adapters.kube_kinds import collection_path, described, object_path
from seatrial.adapters.kube_pods import last_termination_message, seen_of
from seatrial.contract import labels
from seatrial.contract.labels import FIELD_MANAGER
from seatrial.ports import AbsentError, Clock, ConflictError, Document, PodsSeen

_APPLY_QUERY = (("fieldManager", FIELD_MANAGER), ("force", "true"))
MAXIMUM_PODS = 20  # that are asked how they do
_NOT_ENDED = ("fieldSelector", "status.phase!=Succeeded,status.phase!=Failed")  # evicted pods stay for long
_PAGE = 500  # objects of one answer to a list request
_MAXIMUM_EVENT_MESSAGE = 1024  # the API server refuses a longer one


class KubeCluster:
    """One API server; `reporter` is this process's name in the Events that it writes."""

    def __init__(self, client: KubeClient, clock: Clock, reporter: str) -> None:
        self._client, self._clock, self._reporter = client, clock, reporter

    async def apply(self, document: Document) -> Document:
        """Server-side apply, forced; returns the object as it is now."""
        return await self._client.request(
            "PATCH", object_path(document), query=_APPLY_QUERY, body=document, content_type=APPLY
        )

    async def write_status(self, document: Document) -> Document:
        """Replace all of `status`, conditional where the document has a resourceVersion.

        An apply would leave what others wrote there, which nothing would ever take back.
        """
        patch = [{"op": "add", "path": "/status", "value": document["status"]}]
        if version := document["metadata"].get("resourceVersion"):
            patch.insert(0, {"op": "replace", "path": "/metadata/resourceVersion", "value": version})
        path, query = f"{object_path(document)}/status", (("fieldManager", FIELD_MANAGER),)
        return await self._client.request("PATCH", path, query=query, body=patch, content_type=JSON_PATCH)

    async def delete(self, document: Document) -> None:
        """Delete an object and, in the background, its dependants; with a `uid` only that very object."""
        options: dict[str, Any] = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
        if uid := document["metadata"].get("uid"):
            options["preconditions"] = {"uid": uid}
        try:
            await self._client.request("DELETE", object_path(document), body=options)
        except AbsentError:
            return

    async def secret(self, namespace: str, name: str) -> Mapping[str, str]:
        """Return a Secret's data, decoded from base64 and as UTF-8; AbsentError."""
        path = f"{collection_path('v1', 'Secret', namespace)}/{name}"
        data = (await self._client.request("GET", path)).get("data") or {}
        return {key: base64.b64decode(value).decode(errors="replace") for key, value in data.items()}

    async def termination_message(self, namespace: str, job: str) -> str | None:
        """Return what the last ended pod of a Job left behind."""
        return last_termination_message(await self._pods(namespace, ("labelSelector", f"{labels.JOB}={job}")))

    async def pods(self, namespace: str, selector: str) -> PodsSeen:
        """Return what the selected pods say that have not ended; only the first twenty are asked."""
        return seen_of(await self._pods(namespace, ("labelSelector", selector), _NOT_ENDED))

    async def event(self, regarding: Document, *, reason: str, message: str, warning: bool) -> None:
        """Record an Event; the same one twice within a second is one."""
        document = self._event(regarding, reason, message[:_MAXIMUM_EVENT_MESSAGE], warning)
        path = collection_path("v1", "Event", document["metadata"]["namespace"])
        try:
            await self._client.request("POST", path, body=document)
        except ConflictError:
            return

    async def read(self, document: Document) -> Document:
        """Return an object as it is now; AbsentError."""
        return await self._client.request("GET", object_path(document))

    async def create(self, document: Document) -> Document:
        """Create an object; ConflictError where it exists."""
        metadata = document["metadata"]
        path = collection_path(document["apiVersion"], document["kind"], metadata["namespace"])
        return await self._client.request("POST", path, body=document)

    async def replace(self, document: Document) -> Document:
        """Replace an object; ConflictError where it is not the one that was read (by its resourceVersion)."""
        return await self._client.request("PUT", object_path(document), body=document)

    async def listing(self, api_version: str, kind: str, selector: str) -> AsyncIterator[Document]:
        """Yield all objects of a kind in all namespaces, a page at a time; nothing where the kind is not installed."""
        query = [("labelSelector", selector)] if selector else []
        query.append(("limit", str(_PAGE)))
        proceed = ""
        while True:
            more = [("continue", proceed)] if proceed else []
            try:
                page = await self._client.request("GET", collection_path(api_version, kind, None), query=query + more)
            except AbsentError:
                return
            for item in page["items"]:  # the items of a list do not say what they are
                yield {"apiVersion": api_version, "kind": kind, **item}
            proceed = page["metadata"].get("continue", "")
            if not proceed:
                return

    async def _pods(self, namespace: str, *selectors: tuple[str, str]) -> list[dict[str, Any]]:
        query = [*selectors, ("limit", str(MAXIMUM_PODS))]
        answer = await self._client.request("GET", collection_path("v1", "Pod", namespace), query=query)
        items: list[dict[str, Any]] = answer["items"]
        return items

    def _event(self, regarding: Document, reason: str, message: str, warning: bool) -> dict[str, Any]:
        metadata = regarding["metadata"]
        when = f"{self._clock.now():%Y-%m-%dT%H:%M:%SZ}"
        identity = "\n".join((metadata.get("uid", described(regarding)), reason, message, when))
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "namespace": metadata["namespace"],
                "name": f"{metadata['name']}.{hashlib.sha256(identity.encode()).hexdigest()[:16]}",
            },
            "involvedObject": {
                "apiVersion": regarding["apiVersion"],
                "kind": regarding["kind"],
                "namespace": metadata["namespace"],
                "name": metadata["name"],
                "uid": metadata.get("uid", ""),
                "resourceVersion": metadata.get("resourceVersion", ""),
            },
            "type": "Warning" if warning else "Normal",
            "reason": reason,
            "message": message,
            "firstTimestamp": when,
            "lastTimestamp": when,
            "count": 1,
            "source": {"component": FIELD_MANAGER},
            "reportingComponent": f"{FIELD_MANAGER}.dev/operator",
            "reportingInstance": self._reporter[:128],
        }
