"""How a version is published and read: in which order, and what is refused."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from seatrial.contract.canonical import canonical_json
from seatrial.contract.layout import ModelHome
from seatrial.contract.reading import DocumentError
from seatrial.store.objects import (
    NotFoundError,
    ObjectStore,
    PreconditionError,
    TamperedError,
    TooLargeError,
    UnreachableError,
)
from seatrial.store.versions import VersionExistsError, fetch_files, list_versions, publish, read_manifest
from tests.contract.store.pushes import NOW, push, version
from tests.fakes.objects import MemoryStore

HOME = ModelHome("models", "risk-team", "risk")


class Told(MemoryStore):
    """A store in memory that tells of each write, and does first what a test wants to happen just before it."""

    def __init__(self, before: Callable[[str], None] = lambda key: None) -> None:
        super().__init__()
        self.writes: list[str] = []
        self._before = before

    def put(self, key: str, body: bytes, *, if_absent: bool = False, if_match: str | None = None) -> str:
        self._before(key)
        etag = super().put(key, body, if_absent=if_absent, if_match=if_match)
        self.writes.append(key)
        return etag


def keys(store: ObjectStore) -> list[str]:
    return list(store.list(""))


def audits(store: ObjectStore) -> list[str]:
    return [store.get(key, maximum=1 << 16).body.decode() for key in store.list(HOME.root + "audit/")]


def test_files_go_first_and_the_manifest_last(tmp_path: Path) -> None:
    store = Told()
    push(store, HOME, tmp_path, "7")
    manifest = store.writes.index(HOME.manifest("7"))
    files = [i for i, key in enumerate(store.writes) if key.endswith(("model.skops", "card.md"))]
    assert len(files) == 2
    assert max(files) < manifest


def test_a_push_that_dies_before_the_manifest_is_invisible_and_can_be_repeated(tmp_path: Path) -> None:
    def die(key: str) -> None:
        if key.endswith("manifest.json") and not died:
            died.append(key)
            raise UnreachableError("the network is gone")

    died: list[str] = []
    store = Told(die)
    with pytest.raises(UnreachableError):
        push(store, HOME, tmp_path, "7", "first content")
    assert list_versions(store, HOME) == []
    with pytest.raises(NotFoundError, match="model risk has no version 7 in s3://models/risk-team"):
        read_manifest(store, HOME, "7")
    assert not push(store, HOME, tmp_path, "7", "second content").existed
    fetch_files(store, HOME, read_manifest(store, HOME, "7")[0], _new(tmp_path / "down"))
    assert (tmp_path / "down/model.skops").read_text() == "second content"


def test_the_same_push_again_changes_nothing_and_says_so(tmp_path: Path) -> None:
    store = Told()
    first = push(store, HOME, tmp_path, "7")
    written = len(store.writes)
    again = push(store, HOME, tmp_path, "7")
    assert (again.existed, again.digest) == (True, first.digest)
    assert len(store.writes) == written


def test_another_push_of_a_version_is_refused_and_writes_nothing(tmp_path: Path) -> None:
    store = Told()
    push(store, HOME, tmp_path, "7", "one")
    written = len(store.writes)
    with pytest.raises(VersionExistsError, match="version 7 of risk exists with digest sha256:"):
        push(store, HOME, tmp_path, "7", "two")
    assert len(store.writes) == written


def test_who_loses_in_the_last_moment_takes_its_own_files_away_again(tmp_path: Path) -> None:
    """The winner's version is written whole between the loser's files and the loser's manifest."""

    def win(key: str) -> None:
        if key.endswith("manifest.json") and not won:
            won.append(key)
            push(store, HOME, _new(tmp_path / "winner"), "7", "winner")

    won: list[str] = []
    store = Told(win)
    with pytest.raises(VersionExistsError):
        push(store, HOME, _new(tmp_path / "loser"), "7", "loser")
    manifest, _ = read_manifest(store, HOME, "7")
    fetch_files(store, HOME, manifest, _new(tmp_path / "down"))
    assert (tmp_path / "down/model.skops").read_text() == "winner"
    assert len(list(store.list(HOME.folder("7")))) == 3
    assert len(audits(store)) == 1


def test_the_winners_files_survive_a_push_that_writes_in_between_and_dies(tmp_path: Path) -> None:
    """The other's files go up between the winner's files and the winner's manifest."""

    def meddle(key: str) -> None:
        if not key.endswith("manifest.json"):
            return
        if meddled:
            raise UnreachableError("the other dies before its manifest")
        meddled.append(key)
        with pytest.raises(UnreachableError):
            push(store, HOME, _new(tmp_path / "other"), "7", "other")

    meddled: list[str] = []
    store = Told(meddle)
    push(store, HOME, _new(tmp_path / "winner"), "7", "winner")
    fetch_files(store, HOME, read_manifest(store, HOME, "7")[0], _new(tmp_path / "down"))
    assert (tmp_path / "down/model.skops").read_text() == "winner"


def test_who_loses_leaves_the_files_that_are_the_winners_too(tmp_path: Path) -> None:
    """Two pushes of the same files at different times: different manifests, the same keys."""

    def win(key: str) -> None:
        if key.endswith("manifest.json") and not won:
            won.append(key)
            earlier = replace(version(tmp_path, "7"), created="2025-12-31T00:00:00Z")
            publish(store, HOME, earlier, tmp_path, by="bob", now=NOW)

    won: list[str] = []
    store = Told(win)
    with pytest.raises(VersionExistsError):
        push(store, HOME, tmp_path, "7")
    fetch_files(store, HOME, read_manifest(store, HOME, "7")[0], _new(tmp_path / "down"))


def test_a_manifest_whose_answer_was_lost_counts_as_published(tmp_path: Path) -> None:
    """The client tries again by itself, and is told that the object exists: its own."""

    class Lossy(MemoryStore):
        def put(self, key: str, body: bytes, *, if_absent: bool = False, if_match: str | None = None) -> str:
            etag = super().put(key, body, if_absent=if_absent, if_match=if_match)
            if key.endswith("manifest.json"):
                raise PreconditionError("exists already")
            return etag

    store = Lossy()
    published = push(store, HOME, tmp_path, "7")
    assert published.digest == read_manifest(store, HOME, "7")[1]


def test_a_refused_manifest_that_is_not_there_is_worth_another_try(tmp_path: Path) -> None:
    def refuse(key: str) -> None:
        if key.endswith("manifest.json"):
            raise PreconditionError("conflict")

    with pytest.raises(UnreachableError, match="try again"):
        push(Told(refuse), HOME, tmp_path, "7")


def test_a_file_that_is_not_what_the_manifest_says_is_not_published(tmp_path: Path) -> None:
    store = MemoryStore()
    manifest = version(tmp_path, "7")
    (tmp_path / "model.skops").write_text("MODEL")
    with pytest.raises(TamperedError, match=r"file model\.skops to publish: expected sha256:.*, found sha256:"):
        publish(store, HOME, manifest, tmp_path, by="ann", now=NOW)
    assert keys(store) == []


def test_a_manifest_of_another_model_is_not_published(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="of model 'risk'; expected 'fraud'"):
        push(MemoryStore(), ModelHome("models", "", "fraud"), tmp_path, "7")


@pytest.mark.parametrize(("passed", "action"), [(True, '"pushed"'), (False, '"rejected"')])
def test_a_publication_is_audited(tmp_path: Path, passed: bool, action: str) -> None:
    store = MemoryStore()
    push(store, HOME, tmp_path, "7", passed=passed)
    (record,) = audits(store)
    assert f'"action":{action}' in record
    assert '"who":"ann"' in record
    assert passed or "accuracy 0.7, at least 0.85" in record


def test_a_changed_manifest_is_tampered_with(tmp_path: Path) -> None:
    store = MemoryStore()
    digest = push(store, HOME, tmp_path, "7").digest
    body = store.get(HOME.manifest("7"), maximum=1 << 20).body
    store.put(HOME.manifest("7"), body.replace(b"DecisionTree", b"RandomForest"))
    with pytest.raises(TamperedError, match=f"manifest of risk 7: expected {digest}, found sha256:"):
        read_manifest(store, HOME, "7", expected=digest)


def test_a_manifest_is_only_parsed_once_its_digest_is_right(tmp_path: Path) -> None:
    store = MemoryStore()
    digest = push(store, HOME, tmp_path, "7").digest
    store.put(HOME.manifest("7"), b"no JSON")
    with pytest.raises(TamperedError):
        read_manifest(store, HOME, "7", expected=digest)
    with pytest.raises(DocumentError):
        read_manifest(store, HOME, "7")


@pytest.mark.parametrize(("model", "name"), [("risk", "8"), ("fraud", "7")])
def test_a_manifest_moved_to_another_place_is_tampered_with(tmp_path: Path, model: str, name: str) -> None:
    store = MemoryStore()
    push(store, HOME, tmp_path, "7")
    other = ModelHome("models", "risk-team", model)
    store.put(other.manifest(name), store.get(HOME.manifest("7"), maximum=1 << 20).body)
    with pytest.raises(TamperedError, match="it describes version 7 of risk"):
        read_manifest(store, other, name)


def test_a_manifest_without_bound_is_not_read() -> None:
    store = MemoryStore()
    store.put(HOME.manifest("7"), b" " * (5 << 20))
    with pytest.raises(TooLargeError):
        read_manifest(store, HOME, "7")


def _model_key(store: ObjectStore) -> str:
    return next(key for key in store.list(HOME.folder("7")) if key.endswith("model.skops"))


@pytest.mark.parametrize("body", [b"MODEL", b"model and more", b""])
def test_a_changed_file_is_tampered_with_and_never_has_its_name(tmp_path: Path, body: bytes) -> None:
    store = MemoryStore()
    push(store, HOME, tmp_path, "7")
    manifest, _ = read_manifest(store, HOME, "7")
    store.put(_model_key(store), body)
    with pytest.raises(
        TamperedError, match=rf"model\.skops of risk 7: expected {manifest.files['model.skops'].sha256}"
    ):
        fetch_files(store, HOME, manifest, _new(tmp_path / "down"))
    assert "model.skops" not in {path.name for path in (tmp_path / "down").iterdir()}
    assert not (tmp_path / "down/.model.skops.part").exists()


def test_a_missing_file_is_tampering_too(tmp_path: Path) -> None:
    store = MemoryStore()
    push(store, HOME, tmp_path, "7")
    store.delete(_model_key(store))
    with pytest.raises(TamperedError, match="there is no object"):
        fetch_files(store, HOME, read_manifest(store, HOME, "7")[0], _new(tmp_path / "down"))


def test_what_a_killed_download_left_is_replaced(tmp_path: Path) -> None:
    store = MemoryStore()
    push(store, HOME, tmp_path, "7")
    (_new(tmp_path / "down") / ".model.skops.part").write_text("half")
    fetch_files(store, HOME, read_manifest(store, HOME, "7")[0], tmp_path / "down")
    assert sorted(path.name for path in (tmp_path / "down").iterdir()) == ["card.md", "model.skops"]


def test_a_store_that_does_not_answer_is_not_tampering(tmp_path: Path) -> None:
    class Gone(MemoryStore):
        def download(self, key: str, path: Path, *, size: int) -> None:
            raise UnreachableError("the network is gone")

    store = Gone()
    push(store, HOME, tmp_path, "7")
    with pytest.raises(UnreachableError):
        fetch_files(store, HOME, read_manifest(store, HOME, "7")[0], _new(tmp_path / "down"))


def test_a_bad_document_in_the_store_is_named_in_the_error(tmp_path: Path) -> None:
    store = MemoryStore()
    manifest = version(tmp_path, "7").document()
    store.put(HOME.manifest("7"), canonical_json({**manifest, "features": []}))
    with pytest.raises(DocumentError, match="features"):
        read_manifest(store, HOME, "7")


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder
