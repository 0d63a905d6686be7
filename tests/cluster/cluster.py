"""The embedded cluster as tests and the demo see it: bring it up, ask it, give it images, take it down."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from tests.cluster import (
    addons,
    applications,
    base,
    images,
    leftovers,
    packages,
    processes,
    stamps,
    starting,
    stock,
    stopping,
)
from tests.cluster.addons import Kubectl
from tests.cluster.cache import Cache
from tests.cluster.containers import Containers
from tests.cluster.failures import UnansweredError
from tests.cluster.places import Addresses, Places
from tests.cluster.probes import NotInTimeError, wait_for
from tests.cluster.progress import Progress
from tests.cluster.stock import Stock

_ANSWERS = 120.0
_LOCK = 3_600.0


@dataclass(frozen=True, slots=True)
class Cluster:
    """A real single-node Kubernetes on this machine. All of its addresses are fixed."""

    places: Places = field(default_factory=lambda: Places.of(os.environ))
    addresses: Addresses = field(default_factory=Addresses)

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig; the file is there while the cluster is."""
        return self.places.kubeconfig

    def bin(self, name: str) -> Path:
        """The path of `kubectl` or `helm`, both bound to this cluster unless KUBECONFIG names another."""
        return self.places.programs / name

    @property
    def kubectl(self) -> Kubectl:
        """kubectl as a function of its words, with server-side apply of files and objects."""
        return Kubectl(self.bin("kubectl"), self.kubeconfig)

    def healthy(self) -> bool:
        """Whether every process lives and every part answers."""
        return self.running() and not self.silent()

    def running(self) -> bool:
        """Whether every process lives and the API server is ready."""
        known = processes.remembered(self.places.running)
        return bool(known) and all(each.alive for each in known.values()) and starting.api_ready(self.places)

    def silent(self) -> list[str]:
        """The parts that do not answer now, of dns, s3, prometheus and gateway."""
        return [name for name, answers in addons.probes(self.addresses).items() if not answers()]

    def up(self, progress: Progress) -> None:
        """Bring the cluster up, whatever state it is in. A healthy one of the same inputs is left alone.

        Raises ComponentDiedError, CommandError, UnansweredError, NotInTimeError or UnsuitableError, whose texts are
        for the user.
        """
        with only_one(self.places, progress):
            wanted = stamps.wanted(self.places)
            if stamps.recorded(self.places) == wanted and self.healthy():
                return
            packages.install_missing(progress)
            supplies = stock.fill(self.places, progress)
            if not (stamps.recorded(self.places).started == wanted.started and self.running()):
                self._start(supplies, progress)
            with progress.step("install DNS, S3, Prometheus and the gateway"):
                self._add(supplies)
            stamps.record(self.places, wanted)

    def down(self, progress: Progress) -> None:
        """Take the cluster away with all that it made outside the cache."""
        with only_one(self.places, progress):
            if leftovers.traces(self.places):
                with progress.step("take the cluster down"):
                    stopping.stop(self.places)

    def build(self, progress: Progress) -> None:
        """Build what a cluster and the applications' images start from, and start nothing."""
        with only_one(self.places, progress):
            packages.install_missing(progress)
            stock.fill(self.places, progress)

    def build_images(self, progress: Progress) -> dict[str, str]:
        """Build the applications' images as the checkout is now, and load them into the cluster if it runs.

        Returns their references by name, `runtime` and `operator`. Raises CommandError.
        """
        with only_one(self.places, progress):
            packages.install_missing(progress)
            layouts = applications.build(self.places, progress)
            if self.running():
                self._load(layouts.values(), progress)
            return {name: images.named(layout) for name, layout in layouts.items()}

    def base_image(self, progress: Progress) -> str:
        """Load the image with Python and nothing else, for helpers in pods, and return its name."""
        with only_one(self.places, progress):
            layout = Cache(self.places.cache).get(base.recipe())
            self._load([layout], progress)
            return images.named(layout)

    def without_api(self) -> contextlib.AbstractContextManager[None]:
        """An API server that answers nobody, for a while; whoever asks waits for his own timeout."""
        return processes.halted(processes.remembered(self.places.running)["apiserver"])

    def apply_rules(self, files: Mapping[str, str]) -> None:
        """Give Prometheus these rule files (name *.yml → text) and no others; it takes them up within seconds."""
        self.kubectl.apply_object(addons.rules(files))

    def load_layout(self, folder: Path) -> str:
        """Load an image from an OCI layout into the cluster and return its name."""
        return Containers(self.places).load_layout(folder)

    def load_archive(self, archive: Path) -> None:
        """Load the images of a tar as `docker save` writes it."""
        Containers(self.places).load_archive(archive)

    def _load(self, layouts: Iterable[Path], progress: Progress) -> None:
        containers = Containers(self.places)
        present = containers.image_names()
        for layout in layouts:
            if images.named(layout) not in present:
                with progress.step(f"load {images.named(layout)}"):
                    containers.load_layout(layout)

    def _start(self, supplies: Stock, progress: Progress) -> None:
        if leftovers.traces(self.places):
            with progress.step("clean up what an earlier cluster left"):
                stopping.stop(self.places)
        with progress.step("start Kubernetes"):
            starting.start(self.places, supplies)
        stamps.record(self.places, replace(stamps.wanted(self.places), added=""))

    def _add(self, supplies: Stock) -> None:
        addons.apply(self.kubectl, supplies.folders["definitions"])
        try:
            wait_for("addons", lambda: addons.rolled_out(self.kubectl), timeout=_ANSWERS)
            wait_for("answers", self._all_answer, timeout=_ANSWERS)
        except NotInTimeError:
            pods = self.kubectl("get", "pods", "--all-namespaces", "--output=wide")
            raise UnansweredError(self.silent() or ["an addon"], pods) from None

    def _all_answer(self) -> bool:
        starting.check(self.places)
        return not self.silent()


@contextlib.contextmanager
def only_one(places: Places, progress: Progress) -> Iterator[None]:
    """Hold the lock that lets one command at a time build, start or stop."""
    places.cache.mkdir(parents=True, exist_ok=True)
    with (places.cache / "lock").open("w") as file:
        if not _locked(file):
            with progress.step("wait for another command on the cluster"):
                wait_for("the lock", lambda: _locked(file), timeout=_LOCK, pause=0.5)
        yield


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
