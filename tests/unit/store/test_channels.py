"""What a channel may point to, and what is kept of its moves."""

from datetime import timedelta
from pathlib import Path

import pytest

from seatrial.contract.layout import ModelHome
from seatrial.contract.names import InvalidNameError
from seatrial.contract.reading import DocumentError
from seatrial.store.channels import RejectedVersionError, list_channels, move_channel, read_channel
from seatrial.store.objects import NotFoundError, PreconditionError, TamperedError
from seatrial.store.pointers import Held
from tests.contract.store.pushes import NOW, push
from tests.fakes.objects import MemoryStore

HOME = ModelHome("models", "", "risk")


def move(store: MemoryStore, version: str, digest: str, expected: Held | None = None, *, force: bool = False) -> Held:
    etag = expected.etag if expected else None
    return move_channel(store, HOME, "latest", version, digest, "ann", "why not", NOW, expected=etag, force=force)


def audits(store: MemoryStore) -> list[str]:
    found = (store.get(key, maximum=1 << 16).body.decode() for key in store.list(HOME.root + "audit/"))
    return [text for text in found if "channel-moved" in text]


def test_a_new_channel_points_at_a_version(tmp_path: Path) -> None:
    store = MemoryStore()
    digest = push(store, HOME, tmp_path, "1").digest
    held = move(store, "1", digest)
    assert (held.pointer.version, held.pointer.digest, held.pointer.moved) == ("1", digest, NOW.isoformat())
    assert read_channel(store, HOME, "latest") == held
    assert list_channels(store, HOME) == {"latest": held.pointer}


def test_an_absent_channel_is_none() -> None:
    assert read_channel(MemoryStore(), HOME, "latest") is None


def test_a_version_that_does_not_exist_is_refused() -> None:
    store = MemoryStore()
    with pytest.raises(NotFoundError, match="no version 9"):
        move(store, "9", "sha256:" + "0" * 64)
    assert list(store.list("")) == []


def test_a_version_of_another_digest_is_refused(tmp_path: Path) -> None:
    store = MemoryStore()
    push(store, HOME, tmp_path, "1")
    with pytest.raises(TamperedError):
        move(store, "1", "sha256:" + "0" * 64)
    assert read_channel(store, HOME, "latest") is None


def test_a_rejected_version_is_refused_with_its_reason(tmp_path: Path) -> None:
    store = MemoryStore()
    digest = push(store, HOME, tmp_path, "1", passed=False).digest
    with pytest.raises(RejectedVersionError, match=r"rejected by its gates \(minimum: accuracy 0\.7, at least 0\.85\)"):
        move(store, "1", digest)
    assert read_channel(store, HOME, "latest") is None


def test_a_rejected_version_is_taken_by_force(tmp_path: Path) -> None:
    store = MemoryStore()
    digest = push(store, HOME, tmp_path, "1", passed=False).digest
    assert move(store, "1", digest, force=True).pointer.version == "1"


def test_a_mover_who_read_an_older_channel_is_refused_and_told_who_moved_it(tmp_path: Path) -> None:
    store = MemoryStore()
    one, two, three = (push(store, HOME, tmp_path, name, name).digest for name in "123")
    first = move(store, "1", one)
    move(store, "2", two, first)
    with pytest.raises(PreconditionError, match="channel latest of risk was moved meanwhile: ann moved it to 2"):
        move(store, "3", three, first)
    with pytest.raises(PreconditionError):
        move(store, "3", three)
    assert list_channels(store, HOME)["latest"].version == "2"
    assert len(audits(store)) == 2


def test_a_channel_that_was_removed_meanwhile_is_told(tmp_path: Path) -> None:
    store = MemoryStore()
    one, two = (push(store, HOME, tmp_path, name, name).digest for name in "12")
    first = move(store, "1", one)
    store.delete(HOME.channel("latest"))
    with pytest.raises(PreconditionError, match="was removed meanwhile"):
        move(store, "2", two, first)


def test_a_channel_that_points_there_already_stays_as_it_is(tmp_path: Path) -> None:
    store = MemoryStore()
    digest = push(store, HOME, tmp_path, "1").digest
    first = move(store, "1", digest)
    again = move_channel(
        store, HOME, "latest", "1", digest, "bob", "again", NOW + timedelta(days=1), expected=first.etag
    )
    assert again == first
    assert len(audits(store)) == 1


def test_a_move_whose_answer_was_lost_counts_as_done(tmp_path: Path) -> None:
    class Lossy(MemoryStore):
        def put(self, key: str, body: bytes, *, if_absent: bool = False, if_match: str | None = None) -> str:
            etag = super().put(key, body, if_absent=if_absent, if_match=if_match)
            if "/channels/" in key:
                raise PreconditionError("not what it was")
            return etag

    store = Lossy()
    digest = push(store, HOME, tmp_path, "1").digest
    assert move(store, "1", digest) == read_channel(store, HOME, "latest")
    assert len(audits(store)) == 1


def test_the_audit_names_who_moved_what_from_where_and_why(tmp_path: Path) -> None:
    store = MemoryStore()
    one, two = (push(store, HOME, tmp_path, name, name).digest for name in "12")
    move(store, "2", two, move(store, "1", one))
    first, second = sorted(audits(store), key=len)
    assert '"detail":"latest: new; why not"' in first
    assert f'"detail":"latest: from 1, where ann moved it at {NOW.isoformat()}; why not"' in second
    assert f'"digest":"{two}"' in second


def test_a_channel_cannot_reach_into_another_folder(tmp_path: Path) -> None:
    store = MemoryStore()
    digest = push(store, HOME, tmp_path, "1").digest
    with pytest.raises(InvalidNameError, match="channel is"):
        move_channel(store, HOME, "../versions/1/manifest", "1", digest, "ann", "", NOW, expected=None)


def test_a_broken_pointer_is_named() -> None:
    store = MemoryStore()
    store.put(HOME.channel("latest"), b'{"version": "1", "digest": "sha256:short"}')
    with pytest.raises(
        DocumentError, match=r"channel latest of risk \(.*/channels/latest\.json\): digest is 'sha256:sh"
    ):
        read_channel(store, HOME, "latest")
