"""The applications' images: their tags cover exactly what their Dockerfiles copy."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from tests.cluster import applications, images
from tests.cluster.applications import APPLICATIONS, Application
from tests.cluster.places import CHECKOUT, Places

SMALL = Application("small", "image/Dockerfile", ("lock", "code"))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for path in ("image/Dockerfile", "lock", "code/a.py", "code/inner/b.py", "code/__pycache__/a.pyc", "other.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(path)
    return tmp_path


def entry(checkout: Path, context: Path) -> str:
    applications.snapshot(checkout, SMALL, context)
    return applications.recipe(Places(cache=checkout), SMALL, context).entry


@pytest.mark.parametrize("application", APPLICATIONS, ids=lambda each: str(each.name))
def test_the_sources_are_what_the_dockerfile_copies(application: Application) -> None:
    dockerfile = (CHECKOUT / application.dockerfile).read_text()
    copies = [line.split()[1:-1] for line in dockerfile.splitlines() if re.match(r"COPY (?!--from)", line)]

    assert sorted(source for sources in copies for source in sources) == sorted(application.sources)


@pytest.mark.parametrize("application", APPLICATIONS, ids=lambda each: str(each.name))
def test_the_dockerfiles_are_ordinary(application: Application) -> None:
    dockerfile = (CHECKOUT / application.dockerfile).read_text()

    assert "ARG BASE=python:3.11-slim-bookworm\n" in dockerfile
    assert dockerfile.count("\nFROM ") >= 2
    assert re.search(r"^USER 65532:65532$", dockerfile, re.MULTILINE)


def test_a_snapshot_holds_the_inputs_and_nothing_else(checkout: Path, tmp_path: Path) -> None:
    context = tmp_path / "context"
    applications.snapshot(checkout, SMALL, context)

    copied = {str(path.relative_to(context)) for path in context.rglob("*") if path.is_file()}
    assert copied == {"image/Dockerfile", "lock", "code/a.py", "code/inner/b.py"}


@pytest.mark.parametrize("path", ["image/Dockerfile", "lock", "code/inner/b.py", "code/new.py"])
def test_a_changed_input_is_another_image(checkout: Path, tmp_path: Path, path: str) -> None:
    before = entry(checkout, tmp_path / "before")
    (checkout / path).write_text("changed")

    assert entry(checkout, tmp_path / "after") != before


@pytest.mark.parametrize("path", ["other.py", "code/__pycache__/a.pyc"])
def test_what_is_not_copied_changes_nothing(checkout: Path, tmp_path: Path, path: str) -> None:
    before = entry(checkout, tmp_path / "before")
    (checkout / path).write_text("changed")

    assert entry(checkout, tmp_path / "after") == before


def test_what_buildah_writes_becomes_a_layout(tmp_path: Path) -> None:
    contents = {"layer": b"layer", "config": b"{}"}
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    manifest = {
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"digest": f"sha256:{digests['config']}"},
        "layers": [{"digest": f"sha256:{digests['layer']}"}],
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "version").write_text("Directory Transport Version: 1.1\n")
    for name, content in contents.items():
        (tmp_path / digests[name]).write_bytes(content)

    applications.oci_layout(tmp_path, "localhost/small:1")

    top = hashlib.sha256(json.dumps(manifest).encode()).hexdigest()
    assert images.named(tmp_path) == "localhost/small:1"
    assert images.blobs(tmp_path) == tuple(f"sha256:{it}" for it in (digests["layer"], digests["config"], top))
    assert {path.name for path in (tmp_path / "blobs/sha256").iterdir()} == {*digests.values(), top}
    assert {path.name for path in tmp_path.iterdir()} == {"blobs", "index.json", "oci-layout"}
