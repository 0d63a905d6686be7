"""Images as OCI layouts in the cache: written here for single programs, by buildah for the applications.

A layout is loaded into containerd as an archive of what containerd does not have yet. Most often that is one layer
of a few kilobytes, because base and dependencies are layers of their own.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import IO, Any, Final

NAME: Final = "io.containerd.image.name"  # the annotation that gives an imported image its whole name
_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
_CONFIG: Final = "application/vnd.oci.image.config.v1+json"
_LAYER: Final = "application/vnd.oci.image.layer.v1.tar"
_EPOCH: Final = "1970-01-01T00:00:00Z"
_ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64"}


def architecture(machine: str) -> str:
    """The name that images use for a machine, as platform.machine() gives it."""
    return _ARCHITECTURES.get(machine, machine)


def write_scratch_layout(folder: Path, name: str, files: Mapping[str, Path], entrypoint: str, machine: str) -> None:
    """Write an image of one layer that holds nothing but `files` (path inside → file here) and a /tmp.

    The result depends on its arguments and the files' contents alone.
    """
    with tempfile.TemporaryFile() as layer:
        with tarfile.open(fileobj=layer, mode="w", format=tarfile.GNU_FORMAT) as archive:
            _fill(archive, files)
        write_layout(folder, name, layer, {"Entrypoint": [entrypoint], "Env": ["PATH=/"], "WorkingDir": "/"}, machine)


def write_layout(folder: Path, name: str, layer: IO[bytes], config: Mapping[str, Any], machine: str) -> None:
    """Write an image of the one uncompressed layer `layer` (a tar, read from its start) as an OCI layout."""
    described = _blob(folder, _LAYER, layer)
    image = {
        "architecture": architecture(machine),
        "os": "linux",
        "created": _EPOCH,
        "config": dict(config),
        "rootfs": {"type": "layers", "diff_ids": [described["digest"]]},
        "history": [{"created": _EPOCH}],
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": _json_blob(folder, _CONFIG, image),
        "layers": [described],
    }
    write_index(folder, name, _json_blob(folder, _MANIFEST, manifest))


def write_index(folder: Path, name: str, manifest: Mapping[str, Any]) -> None:
    """Make a manifest's descriptor the only entry of a layout, under the image's whole name."""
    entry = {key: manifest[key] for key in ("mediaType", "digest", "size")} | {"annotations": {NAME: name}}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    (folder / "oci-layout").write_text(json.dumps({"imageLayoutVersion": "1.0.0"}))


def named(folder: Path) -> str:
    """The whole name of the image in a layout."""
    return str(_entry(folder)["annotations"][NAME])


def blobs(folder: Path) -> tuple[str, ...]:
    """The digests that the layout's image consists of, its layers first."""
    entry = _entry(folder)
    manifest = json.loads(_path(folder, entry["digest"]).read_text())
    return (*(layer["digest"] for layer in manifest["layers"]), manifest["config"]["digest"], entry["digest"])


def write_archive(folder: Path, present: Collection[str], archive: IO[bytes]) -> None:
    """Write a layout as the tar that `ctr images import` reads, without the blobs that are `present` there."""
    with tarfile.open(fileobj=archive, mode="w|") as tar:
        for name in ("oci-layout", "index.json"):
            tar.add(folder / name, name)
        for digest in blobs(folder):
            if digest not in present:
                tar.add(_path(folder, digest), f"blobs/{digest.replace(':', '/')}")


def _fill(archive: tarfile.TarFile, files: Mapping[str, Path]) -> None:
    folders = {str(parent) for path in files for parent in Path(path.lstrip("/")).parents} - {"."}
    for folder in sorted(folders):
        archive.addfile(_folder(folder, 0o755))
    archive.addfile(_folder("tmp", 0o1777))
    for path, source in sorted(files.items()):
        member = tarfile.TarInfo(path.lstrip("/"))
        member.size, member.mode = source.stat().st_size, 0o755
        with source.open("rb") as content:
            archive.addfile(member, content)


def _folder(path: str, mode: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(path)
    member.type, member.mode = tarfile.DIRTYPE, mode
    return member


def _entry(folder: Path) -> dict[str, Any]:
    entry: dict[str, Any] = json.loads((folder / "index.json").read_text())["manifests"][0]
    return entry


def _path(folder: Path, digest: str) -> Path:
    return folder / "blobs" / digest.replace(":", "/")


def _json_blob(folder: Path, kind: str, value: Mapping[str, Any]) -> dict[str, Any]:
    return _blob(folder, kind, io.BytesIO(json.dumps(value, sort_keys=True).encode()))


def _blob(folder: Path, kind: str, content: IO[bytes]) -> dict[str, Any]:
    content.seek(0)
    digest = "sha256:" + hashlib.file_digest(content, "sha256").hexdigest()  # type: ignore[arg-type]
    path = _path(folder, digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    content.seek(0)
    with path.open("wb") as file:
        shutil.copyfileobj(content, file, 1 << 20)
    return {"mediaType": kind, "digest": digest, "size": path.stat().st_size}
