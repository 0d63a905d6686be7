"""The project's own images, built by buildah from the Dockerfiles that Docker users build too.

An image's tag is the digest of all its inputs, so Kubernetes sees every change, and an unchanged image is not built
again. buildah gets a copy of exactly these inputs; its layer cache keeps the dependencies while the lock file lasts.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from tests.cluster import base, images
from tests.cluster.cache import Cache, Recipe, text_digest
from tests.cluster.commands import run, succeeds
from tests.cluster.leftovers import mounts_below
from tests.cluster.places import Places
from tests.cluster.progress import Progress

_BUILD: Final = 1_200.0
_STORE_LIMIT: Final = 8 << 30  # bytes of buildah's layers, after which it starts anew
_EXPORTED: Final = ("manifest.json", "version")
_CERTIFICATES: Final = "/etc/ssl/certs"


@dataclass(frozen=True, slots=True)
class Application:
    """One image: its short name, its Dockerfile and all paths that the Dockerfile copies."""

    name: str
    dockerfile: str
    sources: tuple[str, ...]


APPLICATIONS: Final = (
    Application(
        "runtime",
        "serving-image/Dockerfile",
        (
            "pyproject.toml",
            "uv.lock",
            "operator/seatrial/__init__.py",
            "operator/seatrial/py.typed",
            "operator/seatrial/contract",
            "operator/seatrial/store",
            "serving-image/seatrial_runtime",
        ),
    ),
    Application("operator", "operator/Dockerfile", ("pyproject.toml", "uv.lock", "operator/seatrial")),
)


def build(places: Places, progress: Progress) -> dict[str, Path]:
    """The OCI layouts of all applications by name, built where an input changed. Raises CommandError."""
    cache = Cache(places.cache)
    with tempfile.TemporaryDirectory(prefix="seatrial-") as folder:
        contexts = {application: Path(folder) / application.name for application in APPLICATIONS}
        for application, context in contexts.items():
            snapshot(places.checkout, application, context)
        wanted = {each.name: recipe(places, each, context) for each, context in contexts.items()}
        missing = [each for each in wanted.values() if not cache.find(each)]
        if missing:
            with _store_in_order(places), ThreadPoolExecutor() as pool:
                _prepare(places, cache, progress)
                list(pool.map(partial(_make, cache, progress), missing))
        return {name: cache.get(each) for name, each in wanted.items()}


def recipe(places: Places, application: Application, context: Path) -> Recipe:
    """How to build an application from a snapshot of its files."""
    paths = sorted(path for path in context.rglob("*") if path.is_file())
    inputs = {str(path.relative_to(context)): _digest(path) for path in paths} | {"base": base.reference()}
    name = f"localhost/seatrial-{application.name}:{text_digest(json.dumps(inputs))[:16]}"
    make = partial(_build, places, application, context, name)
    return Recipe(f"image-seatrial-{application.name}", inputs, ("index.json",), make)


def snapshot(checkout: Path, application: Application, context: Path) -> None:
    """Copy all files that decide an application's image, so that what is digested is what is built."""
    for path in files(checkout, application):
        (context / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(checkout / path, context / path)


def files(checkout: Path, application: Application) -> Iterator[Path]:
    """All files that decide an application's image, relative to the checkout."""
    yield Path(application.dockerfile)
    for source in application.sources:
        path = checkout / source
        for file in path.rglob("*") if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts:
                yield file.relative_to(checkout)


def oci_layout(exported: Path, name: str) -> None:
    """Turn what buildah's `dir:` transport wrote, flat files named by digest, into an OCI layout in place."""
    manifest = (exported / _EXPORTED[0]).read_bytes()
    digest = hashlib.sha256(manifest).hexdigest()
    blobs = exported / "blobs" / "sha256"
    flat = [path for path in exported.iterdir() if path.name not in _EXPORTED]
    blobs.mkdir(parents=True)
    for path in flat:
        path.rename(blobs / path.name)
    (blobs / digest).write_bytes(manifest)
    for name_of_export in _EXPORTED:
        (exported / name_of_export).unlink()
    kind = json.loads(manifest)["mediaType"]
    images.write_index(exported, name, {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(manifest)})


def _make(cache: Cache, progress: Progress, wanted: Recipe) -> None:
    with progress.step(f"build {wanted.name}"):
        cache.get(wanted)


def _prepare(places: Places, cache: Cache, progress: Progress) -> None:
    """Have the base image in buildah's store, and the store within its bound."""
    with progress.step("build image-seatrial-base"):
        layout = cache.get(base.recipe())
    if _size(places.image_store) > _STORE_LIMIT:
        _buildah(places, "rmi", "--all", "--force")
    if not succeeds([*_command(places), "inspect", "--type", "image", base.reference()], timeout=60):
        identifier = _buildah(places, "pull", "--quiet", f"oci:{layout}").split()[-1]
        _buildah(places, "tag", identifier, base.reference())


@contextlib.contextmanager
def _store_in_order(places: Places) -> Iterator[None]:
    """buildah's store without the containers and mounts that its builds leave, above all those that were cut off."""
    try:
        yield
    finally:
        _buildah(places, "rm", "--all")
        for point in mounts_below(places.image_store, Path("/proc/mounts").read_text()):
            run(["umount", point], timeout=30)


def _build(places: Places, application: Application, context: Path, name: str, folder: Path) -> None:
    _buildah(places, "bud", *_flags(), "--file", application.dockerfile, "--tag", name, ".", at=context)
    _buildah(places, "push", "--quiet", "--disable-compression", "--format", "oci", name, f"dir:{folder}")
    oci_layout(folder, name)


def _flags() -> tuple[str, ...]:
    """Layers are kept, no namespace is made, and the machine's own certificates are trusted."""
    certificates = f"{_CERTIFICATES}:{_CERTIFICATES}:ro"
    return (
        *("--layers", "--force-rm", "--pull=never", "--format", "oci", "--isolation", "chroot", "--network", "host"),
        *("--volume", certificates, "--build-arg", f"BASE={base.reference()}"),
    )


def _buildah(places: Places, *words: str, at: Path | None = None) -> str:
    return run([*_command(places), *words], timeout=_BUILD, folder=at)


def _command(places: Places) -> tuple[str, ...]:
    store = places.image_store
    return ("buildah", "--root", f"{store}/root", "--runroot", f"{store}/run", "--storage-driver", "overlay")


def _size(folder: Path) -> int:
    return int(run(["du", "--summarize", "--block-size=1", folder], timeout=120).split()[0]) if folder.exists() else 0


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
