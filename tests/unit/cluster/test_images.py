"""Images are OCI layouts whose content is exactly the given files, and archives leave out what is there already."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.cluster import images


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    return write(tmp_path, "first")


def write(folder: Path, name: str, text: str = "program") -> Path:
    program = folder / "program"
    program.write_text(text)
    layout = folder / name
    files = {"/bin/program": program, "/lib/x/library.so": program}
    images.write_scratch_layout(layout, "localhost/program:1", files, "/bin/program", "x86_64")
    return layout


def blob(layout: Path, digest: str) -> bytes:
    return (layout / "blobs" / digest.replace(":", "/")).read_bytes()


def manifest(layout: Path) -> dict[str, Any]:
    index = json.loads((layout / "index.json").read_text())
    value: dict[str, Any] = json.loads(blob(layout, index["manifests"][0]["digest"]))
    return value


def test_the_layer_holds_the_files_their_folders_and_a_tmp_for_everybody(layout: Path) -> None:
    layer = blob(layout, manifest(layout)["layers"][0]["digest"])

    with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
        members = {member.name: (member.type, member.mode) for member in archive}
        content = archive.extractfile("bin/program")
        assert content is not None
        assert content.read() == b"program"
    folder = tarfile.DIRTYPE
    assert members == {
        "bin": (folder, 0o755),
        "lib": (folder, 0o755),
        "lib/x": (folder, 0o755),
        "tmp": (folder, 0o1777),
        "bin/program": (tarfile.REGTYPE, 0o755),
        "lib/x/library.so": (tarfile.REGTYPE, 0o755),
    }


def test_every_descriptor_has_the_size_and_digest_of_its_blob(layout: Path) -> None:
    index = json.loads((layout / "index.json").read_text())
    described = [*index["manifests"], manifest(layout)["config"], *manifest(layout)["layers"]]

    for each in described:
        content = blob(layout, each["digest"])
        assert each["size"] == len(content)
        assert each["digest"] == "sha256:" + hashlib.sha256(content).hexdigest()


def test_the_configuration_names_the_uncompressed_layer_and_the_entrypoint(layout: Path) -> None:
    config = json.loads(blob(layout, manifest(layout)["config"]["digest"]))

    assert config["rootfs"]["diff_ids"] == [manifest(layout)["layers"][0]["digest"]]
    assert config["config"]["Entrypoint"] == ["/bin/program"]
    assert (config["os"], config["architecture"]) == ("linux", "amd64")


def test_the_whole_name_is_in_the_index(layout: Path) -> None:
    assert images.named(layout) == "localhost/program:1"


def test_the_same_files_make_the_same_image(layout: Path, tmp_path: Path) -> None:
    assert images.blobs(write(tmp_path, "second")) == images.blobs(layout)
    assert images.blobs(write(tmp_path, "third", text="changed")) != images.blobs(layout)


def test_an_archive_leaves_out_what_is_present(layout: Path) -> None:
    layer, config, top = images.blobs(layout)

    assert archived(layout, present=()) == {"oci-layout", "index.json", *map(member, (layer, config, top))}
    assert archived(layout, present=(layer, "sha256:other")) == {
        "oci-layout",
        "index.json",
        *map(member, (config, top)),
    }


def archived(layout: Path, present: tuple[str, ...]) -> set[str]:
    archive = io.BytesIO()
    images.write_archive(layout, present, archive)
    archive.seek(0)
    with tarfile.open(fileobj=archive) as tar:
        return set(tar.getnames())


def member(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


@pytest.mark.parametrize(("machine", "name"), [("x86_64", "amd64"), ("aarch64", "arm64"), ("riscv64", "riscv64")])
def test_machines_have_the_names_of_images(machine: str, name: str) -> None:
    assert images.architecture(machine) == name
