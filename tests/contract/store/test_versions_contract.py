"""Versions and channels on every store: whole or absent, moved by one at a time, whatever races."""

from functools import partial
from pathlib import Path

import pytest

from seatrial.contract.layout import ModelHome
from seatrial.store.channels import move_channel, read_channel
from seatrial.store.objects import ObjectStore, PreconditionError
from seatrial.store.pointers import Held
from seatrial.store.serving import read_serving, write_serving
from seatrial.store.versions import (
    Published,
    VersionExistsError,
    fetch_files,
    list_versions,
    publish,
    read_manifest,
)
from tests.contract.store.pushes import NOW, at_once, push, version


def folder_in(parent: Path, name: str) -> Path:
    folder = parent / name
    folder.mkdir()
    return folder


def test_a_version_comes_back_whole(store: ObjectStore, home: ModelHome, tmp_path: Path) -> None:
    published = push(store, home, folder_in(tmp_path, "up"), "7")
    manifest, digest = read_manifest(store, home, "7", expected=published.digest)
    fetch_files(store, home, manifest, folder_in(tmp_path, "down"))
    assert (manifest.version, digest) == ("7", published.digest)
    assert {path.name: path.read_text() for path in (tmp_path / "down").iterdir()} == {
        "model.skops": "model",
        "card.md": "# card of model",
    }


def test_of_racing_pushers_one_wins_and_the_files_are_its_own(
    store: ObjectStore, home: ModelHome, tmp_path: Path
) -> None:
    folders = [folder_in(tmp_path, str(i)) for i in range(16)]
    manifests = [version(folder, "7", f"content {i}") for i, folder in enumerate(folders)]
    results = at_once(
        [
            partial(publish, store, home, manifest, folder, by=folder.name, now=NOW)
            for manifest, folder in zip(manifests, folders, strict=True)
        ]
    )
    winners = [i for i, result in enumerate(results) if isinstance(result, Published)]
    assert len(winners) == 1
    assert all(isinstance(result, VersionExistsError) for i, result in enumerate(results) if i not in winners)
    found, digest = read_manifest(store, home, "7")
    assert digest == manifests[winners[0]].digest
    fetch_files(store, home, found, folder_in(tmp_path, "down"))
    assert (tmp_path / "down/model.skops").read_text() == f"content {winners[0]}"
    assert len(list(store.list(home.versions))) == 3  # the winner's two files, and the manifest


def test_racing_pushers_of_the_same_all_succeed(store: ObjectStore, home: ModelHome, tmp_path: Path) -> None:
    manifest = version(tmp_path, "7")
    results = at_once([partial(publish, store, home, manifest, tmp_path, by="ann", now=NOW)] * 8)
    assert [result for result in results if not isinstance(result, Published)] == []
    assert sum(not result.existed for result in results if isinstance(result, Published)) == 1


def test_complete_versions_are_listed_in_natural_order(store: ObjectStore, home: ModelHome, tmp_path: Path) -> None:
    for name in ("10", "2", "1.10", "1.9", "rc"):
        push(store, home, tmp_path, name)
    store.put(home.file("3", "model.skops", "sha256:0123"), b"half a push")
    assert list_versions(store, home) == ["1.9", "1.10", "2", "10", "rc"]


def test_a_channel_moves_from_version_to_version(store: ObjectStore, home: ModelHome, tmp_path: Path) -> None:
    first, second = push(store, home, tmp_path, "1", "one"), push(store, home, tmp_path, "2", "two")
    held = move_channel(store, home, "latest", "1", first.digest, "ann", "first", NOW, expected=None)
    moved = move_channel(store, home, "latest", "2", second.digest, "bob", "better", NOW, expected=held.etag)
    assert read_channel(store, home, "latest") == moved
    assert (moved.pointer.version, moved.pointer.digest, moved.pointer.by) == ("2", second.digest, "bob")


def test_of_racing_movers_one_wins(store: ObjectStore, home: ModelHome, tmp_path: Path) -> None:
    first = push(store, home, tmp_path, "1", "one")
    wanted = [(str(i), push(store, home, tmp_path, str(i), f"content {i}").digest) for i in range(2, 10)]
    held = move_channel(store, home, "latest", "1", first.digest, "ann", "", NOW, expected=None)
    results = at_once(
        [
            partial(move_channel, store, home, "latest", name, digest, name, "", NOW, expected=held.etag)
            for name, digest in wanted
        ]
    )
    winners = [result for result in results if isinstance(result, Held)]
    assert winners == [read_channel(store, home, "latest")]
    assert {type(result) for result in results} == {Held, PreconditionError}


def test_a_serving_record_is_written_by_who_read_it_last(store: ObjectStore, home: ModelHome, tmp_path: Path) -> None:
    digest = push(store, home, tmp_path, "1").digest
    pointer = move_channel(store, home, "latest", "1", digest, "ann", "", NOW, expected=None).pointer
    assert read_serving(store, home, "c1", "ml", "risk") is None
    held = write_serving(store, home, "c1", "ml", "risk", pointer, expected=None)
    assert read_serving(store, home, "c1", "ml", "risk") == held
    assert read_serving(store, home, "c2", "ml", "risk") is None
    with pytest.raises(PreconditionError, match="serving record of ml/risk was moved meanwhile"):
        write_serving(store, home, "c1", "ml", "risk", pointer.__class__("2", digest, "x", "y"), expected=None)
