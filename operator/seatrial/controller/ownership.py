"""Whose is an object? Server-side apply would take over whatever has the name that is wanted."""

from collections.abc import Mapping
from typing import Any

from seatrial.adapters.kube_kinds import described
from seatrial.contract.labels import MODEL
from seatrial.ports import ConflictError, Document, RefusedError


def check_ours(wanted: Document, live: Document) -> None:
    """Raise where a live object is not one that may be written as `wanted`.

    It may be where both have the same controller, or where it was made for a ModelDeployment of this name and was
    left behind without one (`kubectl delete --cascade=orphan`).

    Raises:
        ConflictError: it belongs to the ModelDeployment that had this name before, and will go with it.
        RefusedError: it is somebody else's.
    """
    owner, found = controller_of(wanted), controller_of(live)
    if found.get("uid") == owner.get("uid"):
        return
    if not found and _label(live) == _label(wanted):
        return
    if (found.get("kind"), found.get("name")) == (owner.get("kind"), owner.get("name")):
        raise ConflictError(f"{described(live)} belongs to the {found['kind']} that had this name before")
    whose = f"{found['kind']} {found['name']}" if found else "somebody else"
    give = "" if found else f", give it away by the label {MODEL}={_label(wanted)}"
    raise RefusedError(
        f"{described(live)} is there already and belongs to {whose}: it is left as it is;"
        f" delete it{give}, or give this ModelDeployment another name"
    )


def controller_of(document: Document) -> Mapping[str, Any]:
    """Return the owner reference of an object's controller, empty where it has none."""
    owners = document["metadata"].get("ownerReferences") or ()
    return next((owner for owner in owners if owner.get("controller")), {})


def _label(document: Document) -> str | None:
    label: str | None = (document["metadata"].get("labels") or {}).get(MODEL)
    return label
