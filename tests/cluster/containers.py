"""containerd through its command line: what it holds, and loading images."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.cluster import images
from tests.cluster.commands import CommandError, run
from tests.cluster.places import Places

_IMPORT = 300.0
_TIME = 30.0


class Containers:
    """The images of the kubelet's namespace in one containerd."""

    def __init__(self, places: Places) -> None:
        self._ctr = ("ctr", "--address", str(places.containerd_socket), "--namespace", "k8s.io")

    def answers(self) -> bool:
        """Whether containerd serves requests."""
        try:
            self._run("version")
        except CommandError:
            return False
        return True

    def image_names(self) -> frozenset[str]:
        """The names of all images that pods can use."""
        return frozenset(self._lines("images", "list", "-q"))

    def load_layout(self, folder: Path) -> str:
        """Load the image of an OCI layout, copying only what containerd does not hold yet; return its name."""
        name = images.named(folder)
        present = frozenset(self._lines("content", "list", "-q"))
        with tempfile.TemporaryFile(dir=folder.parent) as archive:
            images.write_archive(folder, present, archive)
            archive.seek(0)
            run([*self._ctr, "images", "import", "-"], timeout=_IMPORT, stdin=archive)
        return name

    def load_archive(self, archive: Path) -> None:
        """Load all images of a tar archive, as `docker save` or `buildah push docker-archive:` write it."""
        self._run("images", "import", str(archive), timeout=_IMPORT)

    def _lines(self, *words: str) -> list[str]:
        return self._run(*words).split()

    def _run(self, *words: str, timeout: float = _TIME) -> str:
        return run([*self._ctr, *words], timeout=timeout)
