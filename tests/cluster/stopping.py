"""From anything, running or broken, to a machine without a trace of the cluster."""

from __future__ import annotations

import contextlib
import shutil

from tests.cluster import leftovers, network, processes
from tests.cluster.commands import CommandError
from tests.cluster.containers import Containers
from tests.cluster.places import Places

_FIRST = ("kubelet", "proxy", "controller-manager", "scheduler")  # nobody starts a container again


def stop(places: Places) -> None:
    """End all processes of the cluster and remove all that it made. Without a cluster this does nothing.

    Only processes are ended that the cluster started: by their remembered identity, by the socket of our
    containerd in their command line, or by the pods' own cgroup.
    """
    known = processes.remembered(places.running)
    processes.kill(known[name] for name in _FIRST if name in known)
    if "containerd" in known and known["containerd"].alive:
        with contextlib.suppress(CommandError):  # what it cannot end is killed below
            Containers(places).end_all()
    processes.kill(known.values())  # nothing that they could save is kept
    leftovers.end_processes(places)
    leftovers.remove(places)
    if places.state.exists():
        shutil.rmtree(places.state)


def anything_left(places: Places) -> bool:
    """Whether there is something for `stop` to do."""
    return places.state.exists() or network.exists() or bool(leftovers.shims(places) or leftovers.contained())
