"""What a running cluster was made from, so that a change of any of it is noticed and applied."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.cluster import addons, components, configuration, network, stock
from tests.cluster.cache import text_digest
from tests.cluster.places import Places

_NAME = "stamps.json"


@dataclass(frozen=True, slots=True)
class Stamps:
    """Digests of what the processes were started from, and of what was installed in the cluster."""

    started: str = ""
    added: str = ""


def wanted(places: Places) -> Stamps:
    """The stamps of a cluster that would be made now."""
    commands = [" ".join(each.command) for each in components.everything(Path("kube"), places)]
    texts = [configuration.containerd(places), configuration.kubelet(places), network.conflist(places.state)]
    started = text_digest(*stock.inputs(places), *commands, *texts, repr(network.RULES))
    return Stamps(started, text_digest(*(path.read_text() for path in addons.files())))


def recorded(places: Places) -> Stamps:
    """The stamps of the cluster that is there; empty ones without a cluster."""
    with contextlib.suppress(FileNotFoundError, ValueError, TypeError):
        return Stamps(**json.loads((places.state / _NAME).read_text()))
    return Stamps()


def record(places: Places, stamps: Stamps) -> None:
    """Remember the stamps as long as the cluster is there."""
    (places.state / _NAME).write_text(json.dumps(asdict(stamps)))
