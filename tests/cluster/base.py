"""The base of the applications' images on this machine: a minimal Debian with Python, made from its packages.

Docker users get the Dockerfiles' own default instead.
"""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Final

from tests.cluster import images
from tests.cluster.cache import Recipe
from tests.cluster.commands import run

SUITE: Final = "bookworm"
_PACKAGES: Final = "python3,python3-venv,ca-certificates"
_EXCLUDED: Final = tuple(f"/usr/share/{folder}/*" for folder in ("doc", "info", "locale", "man"))
_FLAGS: Final = ("--variant=minbase", f"--include={_PACKAGES}", *(f"--dpkgopt=path-exclude={it}" for it in _EXCLUDED))
_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_MIRROR: Final = "http://deb.debian.org/debian"


def recipe() -> Recipe:
    """The OCI layout of the base image; its name carries the recipe's own digest."""
    inputs = {"suite": SUITE, "flags": " ".join(_FLAGS), "path": _PATH, "machine": platform.machine()}
    return Recipe("image-seatrial-base", inputs, ("index.json",), _make)


def reference() -> str:
    """The base image's whole name."""
    return f"localhost/seatrial-base:{recipe().digest}"


def _make(folder: Path) -> None:
    tree = folder / "tree.tar"
    run(["mmdebstrap", "--quiet", *_FLAGS, SUITE, tree, _MIRROR], timeout=900)
    with tree.open("rb") as layer:
        images.write_layout(folder, reference(), layer, {"Env": [f"PATH={_PATH}"]}, platform.machine())
    tree.unlink()
