"""Channels (`latest`, `production`, …): names that point to one passed version, moved by compare-and-swap."""

from datetime import UTC, datetime
from pathlib import PurePosixPath

from seatrial.contract.layout import ModelHome
from seatrial.contract.manifest import Manifest
from seatrial.contract.records import Audit, Pointer
from seatrial.store.audit import append
from seatrial.store.objects import ObjectStore, StoreError
from seatrial.store.pointers import Held, read_pointer, swap_pointer
from seatrial.store.versions import read_manifest

MAXIMUM_CHANNELS = 1000


class RejectedVersionError(StoreError):
    """The version's own gates refused it, so no channel may point to it unless somebody insists."""


def read_channel(store: ObjectStore, home: ModelHome, channel: str) -> Held | None:
    """Return where a channel points and its entity tag; None where there is no such channel."""
    return read_pointer(store, home.channel(channel), f"channel {channel} of {home.model}")


def list_channels(store: ObjectStore, home: ModelHome) -> dict[str, Pointer]:
    """Return all channels with their pointers, by name."""
    keys = list(store.list(home.channels, limit=MAXIMUM_CHANNELS))
    held = {(name := PurePosixPath(key).stem): read_channel(store, home, name) for key in keys}
    return {name: found.pointer for name, found in held.items() if found is not None}


def move_channel(
    store: ObjectStore,
    home: ModelHome,
    channel: str,
    version: str,
    digest: str,
    by: str,
    reason: str,
    now: datetime,
    *,
    expected: str | None,
    force: bool = False,
) -> Held:
    """Point a channel at the version with this digest, and record it in the audit.

    `expected` is the entity tag under which the channel was read, None where there was none. Raises NotFoundError,
    TamperedError (another digest), RejectedVersionError (unless `force`), PreconditionError (the channel was moved
    meanwhile). A channel that points there already stays as it is.
    """
    manifest, _ = read_manifest(store, home, version, expected=digest)
    if not manifest.passed and not force:
        raise RejectedVersionError(_rejection(home, manifest))
    before = read_channel(store, home, channel)
    if before is not None and (before.pointer.version, before.pointer.digest) == (version, digest):
        return before
    moved = now.astimezone(UTC).isoformat()
    what = f"channel {channel} of {home.model}"
    held = swap_pointer(store, home.channel(channel), what, Pointer(version, digest, moved, by, reason), expected)
    append(store, home, Audit(moved, by, "channel-moved", version, digest, _detail(channel, before, reason)))
    return held


def _rejection(home: ModelHome, manifest: Manifest) -> str:
    failed = "; ".join(f"{gate.name}: {gate.detail}" for gate in manifest.gates if not gate.passed)
    return f"version {manifest.version} of {home.model} was rejected by its gates ({failed}); no channel was moved"


def _detail(channel: str, before: Held | None, reason: str) -> str:
    """Name the pointer before, so that one record that was lost in a crash can be told from the next."""
    if before is None:
        return f"{channel}: new; {reason}".rstrip("; ")
    was = before.pointer
    return f"{channel}: from {was.version}, where {was.by} moved it at {was.moved}; {reason}".rstrip("; ")
