"""From anything, running or broken, to a machine without a trace of the cluster."""

from __future__ import annotations

import shutil

from tests.cluster import leftovers, processes
from tests.cluster.failures import LeftBehindError
from tests.cluster.places import Places


def stop(places: Places) -> None:
    """End all processes of the cluster and remove all that it made. Without a cluster this does nothing.

    Nothing is asked to end in good order, because nothing that it could save is kept; so a healthy cluster goes
    the way that a broken one has to go. Only processes are ended that the cluster started: by their remembered
    identity, by the socket of our containerd in their command line, or by the pods' own cgroup.
    Raises LeftBehindError if something stays.
    """
    processes.kill(processes.remembered(places.running).values())
    leftovers.end_processes(places)
    leftovers.remove(places)
    if places.state.exists():
        shutil.rmtree(places.state)
    if left := leftovers.traces(places):
        raise LeftBehindError(left)
