"""`python -m tests.cluster up|down|status|images|build|load`: the embedded cluster from the command line."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.cluster import foreign, status
from tests.cluster.cache import IncompleteError
from tests.cluster.cluster import Cluster
from tests.cluster.commands import CommandError
from tests.cluster.failures import ComponentDiedError, LeftBehindError, UnansweredError, UnsuitableError
from tests.cluster.probes import NotInTimeError
from tests.cluster.progress import Progress

EXPECTED = (
    CommandError,
    ComponentDiedError,
    IncompleteError,
    LeftBehindError,
    NotInTimeError,
    OSError,
    UnansweredError,
    UnsuitableError,
)


def up(cluster: Cluster, progress: Progress, _: list[Path]) -> str:
    """Bring the cluster up."""
    cluster.up(progress)
    return f"The cluster is up.\n{status.usage(cluster)}"


def down(cluster: Cluster, progress: Progress, _: list[Path]) -> str:
    """Take the cluster away."""
    cluster.down(progress)
    return "The cluster is gone."


def show(cluster: Cluster, _: Progress, __: list[Path]) -> str:
    """The status table."""
    return status.table(cluster)


def build(cluster: Cluster, progress: Progress, _: list[Path]) -> str:
    """Build the cluster's own programs and images without starting anything."""
    cluster.build(progress)
    return f"Everything is in {cluster.places.cache}."


def images(cluster: Cluster, progress: Progress, _: list[Path]) -> str:
    """Build the applications' images, and load them into the cluster if it runs."""
    references = cluster.build_images(progress)
    return "\n".join(f"{name}: {reference}" for name, reference in references.items())


def load(cluster: Cluster, _: Progress, archives: list[Path]) -> str:
    """Load image archives into the cluster."""
    for archive in archives:
        cluster.load_archive(archive)
    return f"Loaded {len(archives)} archives."


COMMANDS: Final[dict[str, Callable[[Cluster, Progress, list[Path]], str]]] = {
    "up": up,
    "down": down,
    "status": show,
    "build": build,
    "images": images,
    "load": load,
}


def main() -> int:
    """Run one command. Exit code 0, 1 after a failure, 2 for a wrong call."""
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("archives", nargs="*", type=Path, help="for load: image archives")
    arguments = parser.parse_args()
    if bool(arguments.archives) != (arguments.command == "load"):
        parser.error("load takes archives, and nothing else does")
    cluster = Cluster()
    try:
        if foreign.is_named(os.environ, cluster.places):
            print(foreign.report())
            return 0
        _require_machine()
        with Progress() as progress:
            print(COMMANDS[arguments.command](cluster, progress, arguments.archives))
    except EXPECTED as error:
        print(f"{arguments.command} failed: {error}", file=sys.stderr)
        return 1
    return 0


def _require_machine() -> None:
    if platform.system() != "Linux" or os.geteuid() != 0:
        raise UnsuitableError("the embedded cluster needs Linux and root; set KUBECONFIG to use a cluster of your own")


if __name__ == "__main__":
    sys.exit(main())
