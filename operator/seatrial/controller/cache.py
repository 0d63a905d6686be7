"""The objects of the cluster as they were last seen: what watches told, and what our own writes answered.

The two race, and watches may deliver late or twice, so an older resourceVersion never replaces a newer one, and
nothing older than a deletion brings an object back. (Kubernetes orders resourceVersions of one kind as integers.)
It holds what the cluster has, and no more.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from seatrial.adapters.kube_kinds import AUTOSCALER, MODEL_API
from seatrial.api import GROUP, KIND
from seatrial.contract.labels import MODEL
from seatrial.ports import Document, Key

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_MAXIMUM_DELETED = 10_000  # deletions that are remembered


class Place(NamedTuple):
    """Which object it is."""

    api_version: str
    kind: str
    namespace: str
    name: str


def place_of(document: Document) -> Place:
    """Return an object's place."""
    metadata = document["metadata"]
    return Place(document["apiVersion"], document["kind"], metadata.get("namespace", ""), metadata["name"])


def owner_of(document: Document) -> Key | None:
    """Return the ModelDeployment that an object is, that it scales, or that it is labelled as belonging to."""
    metadata = document["metadata"]
    match document["kind"]:
        case kind if kind == KIND:
            name = metadata["name"]
        case kind if kind == AUTOSCALER:
            name = _scaled(document["spec"].get("scaleTargetRef") or {})
        case _:
            name = (metadata.get("labels") or {}).get(MODEL)
    return Key(metadata.get("namespace", ""), name) if name else None


def _scaled(target: Document) -> str | None:
    is_model = target.get("kind") == KIND and str(target.get("apiVersion", "")).startswith(f"{GROUP}/")
    return target.get("name") if is_model else None


def version_of(document: Document) -> int:
    """Return an object's resourceVersion as the number that it is."""
    version = str(document["metadata"].get("resourceVersion", ""))
    return int(version) if version.isdecimal() else 0


class Cache:
    """All ModelDeployments and all that belongs to them."""

    def __init__(self) -> None:
        self._objects: dict[Place, Document] = {}
        self._by_owner: defaultdict[Key, set[Place]] = defaultdict(set)
        self._deleted: OrderedDict[Place, int] = OrderedDict()

    def put(self, document: Document) -> bool:
        """Take an object, unless a newer state of it is known; says whether it told anything new.

        Autoscalers of other things, of which a cluster may have many, are not kept.
        """
        place, version = place_of(document), version_of(document)
        known = self._objects.get(place)
        if version <= self._deleted.get(place, 0) or (known is not None and version <= version_of(known)):
            return False
        self._remove(place)
        owner = owner_of(document)
        if document["kind"] == AUTOSCALER and owner is None:
            return False
        self._objects[place] = trimmed(document)
        if owner is not None:
            self._by_owner[owner].add(place)
        return known is None or _content(known) != _content(self._objects[place])

    def drop(self, document: Document) -> bool:
        """Forget a deleted object, unless it was made again since; says whether it was known."""
        place, version = place_of(document), version_of(document)
        known = self._objects.get(place)
        if known is not None and version < version_of(known):
            return False
        self._deleted[place] = max(version, self._deleted.get(place, 0))
        self._deleted.move_to_end(place)
        if len(self._deleted) > _MAXIMUM_DELETED:
            self._deleted.popitem(last=False)
        self._remove(place)
        return known is not None

    def find(self, place: Place) -> Document | None:
        """Return an object, None where there is none."""
        return self._objects.get(place)

    def model(self, key: Key) -> Document | None:
        """Return a ModelDeployment."""
        return self.find(Place(MODEL_API, KIND, key.namespace, key.name))

    def owned(self, key: Key) -> Sequence[Document]:
        """Return what is labelled as belonging to a ModelDeployment, in a fixed order, without itself."""
        places = sorted(place for place in self._by_owner.get(key, ()) if place.kind != KIND)
        return [self._objects[place] for place in places]

    def keys(self) -> Sequence[Key]:
        """Return every ModelDeployment's key."""
        return sorted(
            (Key(place.namespace, place.name) for place in self._objects if place.kind == KIND),
            key=lambda key: (key.namespace, key.name),
        )

    def places(self, api_version: str, kind: str) -> Sequence[Place]:
        """Return the places of all known objects of a kind."""
        return [place for place in self._objects if place[:2] == (api_version, kind)]

    def _remove(self, place: Place) -> None:
        document = self._objects.pop(place, None)
        owner = owner_of(document) if document is not None else None
        if owner is None:
            return
        self._by_owner[owner].discard(place)
        if not self._by_owner[owner]:
            del self._by_owner[owner]


def trimmed(document: Document) -> Document:
    """Return the object without what nobody here reads, and what would be most of its size."""
    metadata = {key: value for key, value in document["metadata"].items() if key != "managedFields"}
    if _LAST_APPLIED in (annotations := metadata.get("annotations") or {}):
        metadata["annotations"] = {key: value for key, value in annotations.items() if key != _LAST_APPLIED}
    if document["kind"] == AUTOSCALER:
        # Its figures change every few seconds, and nobody here reads them.
        spec = {"scaleTargetRef": document["spec"].get("scaleTargetRef")}
        return {"apiVersion": document["apiVersion"], "kind": AUTOSCALER, "metadata": metadata, "spec": spec}
    return {**document, "metadata": metadata}


def _content(document: Document) -> Document:
    """Return the object without its resourceVersion."""
    return {**document, "metadata": {**document["metadata"], "resourceVersion": ""}}
