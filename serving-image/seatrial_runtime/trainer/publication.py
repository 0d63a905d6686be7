"""The end of a training: the version is published, and the channel moves to it if every gate passed.

A Job may be killed after it published and be started again: the version that names the Job in its lineage is then
taken as it is, and only what is missing is done.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from seatrial.contract.layout import ModelHome
from seatrial.contract.manifest import Manifest
from seatrial.contract.records import Pointer
from seatrial.store.channels import move_channel, read_channel
from seatrial.store.objects import ObjectStore, PreconditionError
from seatrial.store.pointers import Held
from seatrial.store.versions import VersionExistsError, list_versions, publish, read_manifest
from seatrial_runtime.publish.describe import DescriptionError
from seatrial_runtime.publish.write import Draft, write_version
from seatrial_runtime.trainer.errors import TrainingError

_ATTEMPTS = 10  # of names for one version: others may publish too
_LOOKED_AT = 10  # of the newest versions, for one that this Job published before
_log = logging.getLogger(__name__)


def choose_version(versions: Iterable[str]) -> str:
    """Return the number after the largest version that is a number; 1 where none is."""
    return str(max((int(version) for version in versions if version.isdecimal()), default=0) + 1)


def published_by(store: ObjectStore, home: ModelHome, job: str) -> Manifest | None:
    """Return the version that a Job published before, None where it did not."""
    numbers = sorted((v for v in list_versions(store, home) if v.isdecimal()), key=int)
    manifests = (read_manifest(store, home, version)[0] for version in numbers[: -_LOOKED_AT - 1 : -1])
    return next((manifest for manifest in manifests if manifest.lineage.job == job), None)


def publish_next(
    store: ObjectStore, home: ModelHome, draft: Callable[[str], Draft], folder: Path, *, by: str, now: datetime
) -> Manifest:
    """Publish under the next free number, and return the manifest. Raises TrainingError where it cannot be written."""
    for attempt in range(_ATTEMPTS):
        version = choose_version(list_versions(store, home))
        place = folder / str(attempt)
        place.mkdir()
        try:
            manifest = write_version(draft(version), place)
        except DescriptionError as error:
            raise TrainingError(f"the model cannot be published: {error}") from error
        try:
            publish(store, home, manifest, place, by=by, now=now)
        except VersionExistsError:
            _log.info("the version was taken by another meanwhile", extra={"fields": {"version": version}})
        else:
            return manifest
    raise TrainingError(f"{_ATTEMPTS} versions in a row were taken by others; train again when fewer push at once")


def move(
    store: ObjectStore,
    home: ModelHome,
    channel: str,
    manifest: Manifest,
    seen: Held | None,
    *,
    by: str,
    reason: str,
    now: datetime,
) -> str:
    """Move a channel to a version that passed, and say what became of it.

    It moves only away from the version that was `seen` there when the training began: whoever moved it meanwhile
    knew something that this training did not, so their move stands. A pointer that was only written anew is tried
    once more.
    """
    expected = seen
    for _ in range(2):
        etag = None if expected is None else expected.etag
        try:
            move_channel(store, home, channel, manifest.version, manifest.digest, by, reason, now, expected=etag)
        except PreconditionError:
            found = read_channel(store, home, channel)
            if not _same_version(found, seen):
                return f"channel {channel} was left: {_told(found)}"
            expected = found
        else:
            return f"channel {channel} points to it"
    return f"channel {channel} was left: it is written again and again"


def _same_version(found: Held | None, seen: Held | None) -> bool:
    return _target(found) == _target(seen)


def _target(held: Held | None) -> tuple[str, str] | None:
    return None if held is None else (held.pointer.version, held.pointer.digest)


def _told(found: Held | None) -> str:
    match found:
        case None:
            return "it was removed meanwhile"
        case Held(pointer=Pointer(version=version, by=by)):
            return f"{by} moved it to {version} meanwhile"
