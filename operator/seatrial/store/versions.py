"""Versions: published once and whole, read with every byte checked.

Files go up first, the manifest last and only where none is (If-None-Match), so a version is complete or does not
exist. File keys carry their digest (`ModelHome.file`), so pushes that race never write each other's files.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from seatrial.contract.canonical import digest_of, digest_of_file
from seatrial.contract.layout import MANIFEST, ModelHome
from seatrial.contract.manifest import MAXIMUM_BYTES, File, Manifest, parse_manifest
from seatrial.contract.names import natural_order
from seatrial.contract.records import Audit
from seatrial.store.audit import append
from seatrial.store.objects import (
    NotFoundError,
    ObjectStore,
    PreconditionError,
    StoreError,
    TamperedError,
    TooLargeError,
    UnreachableError,
)

MAXIMUM_KEYS = 100_000  # of all versions of one model, as far as they are listed
_PARALLEL = 4


class VersionExistsError(StoreError):
    """The version is there already, with other content: versions never change."""


@dataclass(frozen=True, slots=True)
class Published:
    """What became of a publication; `existed` says that the very same version was there before."""

    digest: str
    existed: bool


def publish(
    store: ObjectStore, home: ModelHome, manifest: Manifest, folder: Path, *, by: str, now: datetime
) -> Published:
    """Publish the version that `manifest` describes, its files taken from `folder`, and record it in the audit.

    Raises VersionExistsError where the version is there with another digest, TamperedError where a file is not what
    the manifest says. Can be repeated after any failure.
    """
    body = _encoded(home, manifest)
    _check_files(manifest, folder)
    with suppress(NotFoundError):
        return _compare(store, home, manifest)
    for name, file in manifest.files.items():
        store.upload(home.file(manifest.version, name, file.sha256), folder / name)
    try:
        store.put(home.manifest(manifest.version), body, if_absent=True)
    except PreconditionError:
        return _lost(store, home, manifest)
    append(store, home, _record(manifest, digest_of(body), by, now))
    return Published(digest_of(body), existed=False)


def read_manifest(
    store: ObjectStore, home: ModelHome, version: str, *, expected: str | None = None
) -> tuple[Manifest, str]:
    """Return a version's manifest and its digest.

    Raises NotFoundError where there is no such version, TamperedError where its digest is not the `expected` one or
    it describes another model or version, DocumentError where it cannot be read.
    """
    try:
        body = store.get(home.manifest(version), maximum=MAXIMUM_BYTES).body
    except NotFoundError:
        raise NotFoundError(
            f"model {home.model} has no version {version} in s3://{home.bucket}/{home.prefix};"
            f" `seatrial versions {home.model}` tells which there are"
        ) from None
    digest = digest_of(body)
    if expected is not None and digest != expected:
        raise TamperedError(f"manifest of {home.model} {version}: expected {expected}, found {digest}")
    manifest = parse_manifest(body)
    if (manifest.model, manifest.version) != (home.model, version):
        raise TamperedError(
            f"manifest of {home.model} {version}: it describes version {manifest.version} of {manifest.model}"
        )
    return manifest, digest


def list_versions(store: ObjectStore, home: ModelHome) -> list[str]:
    """Return the complete versions in natural order (2 before 10)."""
    keys = list(store.list(home.versions, limit=MAXIMUM_KEYS + 1))
    if len(keys) > MAXIMUM_KEYS:
        raise TooLargeError(f"model {home.model} has more than {MAXIMUM_KEYS} files in its versions")
    paths = (key.removeprefix(home.versions).split("/") for key in keys)
    return sorted((path[0] for path in paths if path[1:] == [MANIFEST]), key=natural_order)


def fetch_files(store: ObjectStore, home: ModelHome, manifest: Manifest, folder: Path) -> None:
    """Download all files of a version into an existing folder.

    A file has its name only once its size and SHA-256 are those of the manifest. Raises TamperedError naming the file
    that is missing or different, with the expected and the found digest.
    """

    def fetch(item: tuple[str, File]) -> None:
        _fetch(store, home, manifest, item[0], item[1], folder)

    _each(fetch, manifest.files.items())


def _encoded(home: ModelHome, manifest: Manifest) -> bytes:
    if manifest.model != home.model:
        raise ValueError(f"the manifest is of model {manifest.model!r}; expected {home.model!r}")
    body = manifest.encode()
    parse_manifest(body)  # what nobody could read is not written
    if len(body) > MAXIMUM_BYTES:
        raise TooLargeError(f"the manifest has {len(body)} bytes; at most {MAXIMUM_BYTES} may be published")
    return body


def _check_files(manifest: Manifest, folder: Path) -> None:
    for name, file in manifest.files.items():
        found = digest_of_file(folder / name)
        if found != file.sha256:
            raise TamperedError(f"file {name} to publish: expected {file.sha256}, found {found}")


def _compare(store: ObjectStore, home: ModelHome, manifest: Manifest) -> Published:
    """Return what it means for a publication that the version is there; NotFoundError where it is not."""
    _, digest = read_manifest(store, home, manifest.version)
    if digest != manifest.digest:
        raise VersionExistsError(
            f"version {manifest.version} of {home.model} exists with digest {digest}; versions never change: "
            "push under another version"
        )
    return Published(digest, existed=True)


def _lost(store: ObjectStore, home: ModelHome, manifest: Manifest) -> Published:
    """Somebody's manifest stands there: ours, if only the answer was lost, or a winner's."""
    try:
        return _compare(store, home, manifest)
    except NotFoundError:
        raise UnreachableError(f"the store refused {home.model} {manifest.version}, then had none; try again") from None
    except VersionExistsError:
        _remove_orphans(store, home, manifest)
        raise


def _remove_orphans(store: ObjectStore, home: ModelHome, loser: Manifest) -> None:
    """Remove the loser's files that the winner's manifest, which never changes, does not name. Best effort."""
    winner, _ = read_manifest(store, home, loser.version)
    kept = {home.file(winner.version, name, file.sha256) for name, file in winner.files.items()}
    for name, file in loser.files.items():
        key = home.file(loser.version, name, file.sha256)
        if key not in kept:
            with suppress(StoreError):
                store.delete(key)


def _record(manifest: Manifest, digest: str, by: str, now: datetime) -> Audit:
    failed = "; ".join(f"{gate.name}: {gate.detail}" for gate in manifest.gates if not gate.passed)
    action = "rejected" if failed else "pushed"
    return Audit(now.astimezone(UTC).isoformat(), by, action, manifest.version, digest, failed)


def _fetch(store: ObjectStore, home: ModelHome, manifest: Manifest, name: str, file: File, folder: Path) -> None:
    what = f"file {name} of {home.model} {manifest.version}"
    part = folder / f".{name}.part"
    part.unlink(missing_ok=True)
    try:
        store.download(home.file(manifest.version, name, file.sha256), part, size=file.size)
    except (NotFoundError, TooLargeError) as error:
        raise TamperedError(f"{what}: expected {file.sha256} of {file.size} bytes, found: {error}") from error
    found = digest_of_file(part)
    if found != file.sha256:
        part.unlink()
        raise TamperedError(f"{what}: expected {file.sha256}, found {found}")
    part.rename(folder / name)


def _each(act: Callable[[tuple[str, File]], None], items: Iterable[tuple[str, File]]) -> None:
    """Act on all items, a few at a time; the first error is raised and what has not begun is left."""
    pool = ThreadPoolExecutor(_PARALLEL, thread_name_prefix="fetch")
    try:
        for _ in pool.map(act, items):
            pass
    finally:
        pool.shutdown(cancel_futures=True)
