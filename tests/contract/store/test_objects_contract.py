"""What every object store must do: the same tests on the one in memory and on a real S3 server."""

from functools import partial
from pathlib import Path

import pytest

from seatrial.contract.layout import ModelHome
from seatrial.store.objects import NotFoundError, ObjectStore, PreconditionError, StoreError, TooLargeError
from tests.contract.store.pushes import at_once


def test_an_object_is_read_as_it_was_written(store: ObjectStore, home: ModelHome) -> None:
    etag = store.put(home.root + "a", b"\x00one")
    found = store.get(home.root + "a", maximum=4)
    assert (found.body, found.etag) == (b"\x00one", etag)


def test_an_empty_object_is_an_object(store: ObjectStore, home: ModelHome) -> None:
    store.put(home.root + "empty", b"")
    assert store.get(home.root + "empty", maximum=0).body == b""


def test_an_absent_object_is_named(store: ObjectStore, home: ModelHome) -> None:
    with pytest.raises(NotFoundError, match="nothing"):
        store.get(home.root + "nothing", maximum=10)


def test_an_object_beyond_the_bound_is_refused(store: ObjectStore, home: ModelHome) -> None:
    store.put(home.root + "a", b"12345")
    with pytest.raises(TooLargeError, match="5 bytes; at most 4"):
        store.get(home.root + "a", maximum=4)


def test_a_write_if_absent_never_replaces(store: ObjectStore, home: ModelHome) -> None:
    store.put(home.root + "a", b"first", if_absent=True)
    with pytest.raises(PreconditionError):
        store.put(home.root + "a", b"second", if_absent=True)
    assert store.get(home.root + "a", maximum=10).body == b"first"


def test_a_write_if_match_needs_what_was_read(store: ObjectStore, home: ModelHome) -> None:
    first = store.put(home.root + "a", b"first")
    second = store.put(home.root + "a", b"second", if_match=first)
    with pytest.raises(PreconditionError):
        store.put(home.root + "a", b"third", if_match=first)
    assert second != first
    assert store.get(home.root + "a", maximum=10).body == b"second"


def test_a_write_if_match_of_an_absent_object_is_refused(store: ObjectStore, home: ModelHome) -> None:
    with pytest.raises(PreconditionError):
        store.put(home.root + "a", b"first", if_match='"0123456789abcdef0123456789abcdef"')


def test_the_same_bytes_have_the_same_tag(store: ObjectStore, home: ModelHome) -> None:
    """So a pointer must differ in each move, and does: it says when."""
    first = store.put(home.root + "a", b"one")
    store.put(home.root + "a", b"two")
    assert store.put(home.root + "a", b"one") == first


def test_of_racing_writers_if_absent_one_wins(store: ObjectStore, home: ModelHome) -> None:
    bodies = [f"writer {i}".encode() for i in range(16)]
    results = at_once([partial(store.put, home.root + "a", body, if_absent=True) for body in bodies])
    winners = [body for body, result in zip(bodies, results, strict=True) if isinstance(result, str)]
    assert winners == [store.get(home.root + "a", maximum=100).body]
    assert {type(result) for result in results if isinstance(result, StoreError)} == {PreconditionError}


def test_of_racing_writers_if_match_one_wins(store: ObjectStore, home: ModelHome) -> None:
    etag = store.put(home.root + "a", b"before")
    bodies = [f"writer {i}".encode() for i in range(16)]
    results = at_once([partial(store.put, home.root + "a", body, if_match=etag) for body in bodies])
    winners = [body for body, result in zip(bodies, results, strict=True) if isinstance(result, str)]
    assert winners == [store.get(home.root + "a", maximum=100).body]
    assert {type(result) for result in results if isinstance(result, StoreError)} == {PreconditionError}


@pytest.mark.parametrize("size", [0, 5, 17 << 20])
def test_a_file_comes_back_as_it_went(store: ObjectStore, home: ModelHome, tmp_path: Path, size: int) -> None:
    """The largest goes up in parts."""
    body = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    (tmp_path / "up").write_bytes(body)
    store.upload(home.root + "file", tmp_path / "up")
    store.download(home.root + "file", tmp_path / "down", size=size)
    assert (tmp_path / "down").read_bytes() == body


@pytest.mark.parametrize("size", [4, 6])
def test_a_file_of_another_size_is_not_downloaded(
    store: ObjectStore, home: ModelHome, tmp_path: Path, size: int
) -> None:
    store.put(home.root + "file", b"12345")
    with pytest.raises(TooLargeError, match=f"5 bytes; {size} were expected"):
        store.download(home.root + "file", tmp_path / "down", size=size)
    assert list(tmp_path.iterdir()) == []


def test_a_download_replaces_no_file(store: ObjectStore, home: ModelHome, tmp_path: Path) -> None:
    store.put(home.root + "file", b"new")
    (tmp_path / "down").write_bytes(b"old")
    with pytest.raises(FileExistsError):
        store.download(home.root + "file", tmp_path / "down", size=3)
    assert (tmp_path / "down").read_bytes() == b"old"


def test_an_absent_file_leaves_nothing(store: ObjectStore, home: ModelHome, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        store.download(home.root + "file", tmp_path / "down", size=3)
    assert list(tmp_path.iterdir()) == []


def test_keys_are_listed_in_order(store: ObjectStore, home: ModelHome) -> None:
    names = ["b", "a/2", "a-1", "a/10", "a/sub/1", "Z"]
    for name in names:
        store.put(home.root + name, b"")
    assert list(store.list(home.root)) == sorted(home.root + name for name in names)
    assert list(store.list(home.root + "a/")) == [home.root + name for name in ("a/10", "a/2", "a/sub/1")]


def test_a_listing_ends_at_its_limit(store: ObjectStore, home: ModelHome) -> None:
    for i in range(5):
        store.put(f"{home.root}{i}", b"")
    assert list(store.list(home.root, limit=2)) == [home.root + "0", home.root + "1"]


def test_folders_are_listed_once(store: ObjectStore, home: ModelHome) -> None:
    for name in ("1/a", "1/b", "2/a/b", "file"):
        store.put(home.root + name, b"")
    assert list(store.list(home.root, folders=True)) == ["1", "2"]


def test_nothing_is_listed_where_nothing_is(store: ObjectStore, home: ModelHome) -> None:
    assert list(store.list(home.root)) == []
    assert list(store.list(home.root, folders=True)) == []


def test_a_deleted_object_is_gone_and_deleting_it_again_is_no_error(store: ObjectStore, home: ModelHome) -> None:
    store.put(home.root + "a", b"")
    store.delete(home.root + "a")
    store.delete(home.root + "a")
    assert list(store.list(home.root)) == []
