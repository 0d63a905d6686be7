"""Every store that some ModelDeployment names, as the operator uses them, by blocking calls.

What a digest names never changes, so manifests and references are remembered; so are clients, which are dear to make.
A version's name promises less: whoever may write the bucket can remove a version and push another under its name. So
a manifest that no digest was promised for is read anew each time, as channels and serving records are. Only whether a
version passed its gates is remembered by name: it decides what is told to be newer, not what runs.
"""

from collections.abc import Callable
from itertools import islice

from seatrial.adapters.remembered import Remembered
from seatrial.contract.canonical import digest_of
from seatrial.contract.layout import ModelHome
from seatrial.contract.manifest import Manifest
from seatrial.contract.names import is_alike
from seatrial.contract.records import Audit, Pointer
from seatrial.contract.reference import MAXIMUM_BYTES, REFERENCE, Reference, parse_reference
from seatrial.ports import Key, Source
from seatrial.store.audit import append
from seatrial.store.channels import read_channel
from seatrial.store.objects import NotFoundError, ObjectStore, TamperedError
from seatrial.store.s3 import Credentials, S3Store
from seatrial.store.serving import read_serving, write_serving
from seatrial.store.versions import list_versions, read_manifest

_CLIENTS, _MANIFESTS, _REFERENCES = 64, 1024, 256  # remembered
_LOOKED_AT = 20  # of the newest versions, to find one that passed

Connect = Callable[[str, Source], ObjectStore]
Known = tuple[Manifest, str]  # and its digest


def connect_s3(bucket: str, source: Source) -> ObjectStore:
    """Return a client for a bucket, with the source's credentials."""
    credentials = None if source.credentials is None else Credentials(*source.credentials)
    return S3Store(bucket, source.endpoint, source.region, credentials)


class BlockingStore:
    """ports.Store, but blocking; safe to use from several threads. `connect` makes the client of one bucket."""

    def __init__(self, connect: Connect = connect_s3) -> None:
        self._connect = connect
        self._clients: Remembered[tuple[str, Source], ObjectStore] = Remembered(_CLIENTS)
        self._manifests: Remembered[tuple[Source, str, str], Known] = Remembered(_MANIFESTS)
        self._passed: Remembered[tuple[Source, str], bool] = Remembered(_MANIFESTS)
        self._references: Remembered[tuple[Source, str], Reference] = Remembered(_REFERENCES)

    def known_manifest(self, source: Source, version: str, expected: str | None) -> Known | None:
        """Return the manifest of a digest, with it, where it was read before; this asks nobody and does not wait."""
        return None if expected is None else self._manifests.peek((source, version, expected))

    def manifest(self, source: Source, version: str, expected: str | None = None) -> Known:
        """Return a version's manifest and digest; it is read anew where the expected one is not known."""
        return self.known_manifest(source, version, expected) or self._read(source, version)

    def channel(self, source: Source, channel: str) -> Pointer:
        """Return what a channel points to; NotFoundError."""
        held = read_channel(self._client(source), _home(source), channel)
        if held is None:
            raise NotFoundError(f"model {source.model} has no channel {channel} in {source.store}")
        return held.pointer

    def newest(self, source: Source, like: str) -> str | None:
        """Return the newest version that passed its gates, of the newest twenty that are named like another."""
        alike = [one for one in list_versions(self._client(source), _home(source)) if is_alike(one, like)]
        versions = islice(reversed(alike), _LOOKED_AT)
        return next((version for version in versions if self._has_passed(source, version)), None)

    def known_reference(self, source: Source, manifest: Manifest) -> Reference | None:
        """Return a version's reference distributions where they were read before; this asks nobody."""
        file = manifest.files.get(REFERENCE)
        return None if file is None else self._references.peek((source, file.sha256))

    def reference(self, source: Source, manifest: Manifest) -> Reference | None:
        """Return a version's reference distributions; None where it was published without. TamperedError."""
        if REFERENCE not in manifest.files:
            return None
        promised = manifest.files[REFERENCE].sha256

        def fetch() -> Reference:
            key = _home(source).file(manifest.version, REFERENCE, promised)
            body = self._client(source).get(key, maximum=MAXIMUM_BYTES).body
            if digest_of(body) != promised:
                raise TamperedError(f"{REFERENCE} of {source.model} {manifest.version} has not the digest {promised}")
            return parse_reference(body)

        return self._references.get((source, promised), fetch)

    def serving(self, source: Source, cluster: str, key: Key) -> Pointer | None:
        """Return the serving record of a ModelDeployment."""
        held = read_serving(self._client(source), _home(source), cluster, key.namespace, key.name)
        return None if held is None else held.pointer

    def write_serving(self, source: Source, cluster: str, key: Key, pointer: Pointer) -> None:
        """Replace the serving record; PreconditionError."""
        client, home, place = self._client(source), _home(source), (cluster, key.namespace, key.name)
        held = read_serving(client, home, *place)
        write_serving(client, home, *place, pointer, expected=None if held is None else held.etag)

    def append_audit(self, source: Source, audit: Audit) -> None:
        """Add an audit record; adding it twice adds it once."""
        append(self._client(source), _home(source), audit)

    def _read(self, source: Source, version: str) -> Known:
        found = read_manifest(self._client(source), _home(source), version)
        return self._manifests.keep((source, version, found[1]), found)

    def _has_passed(self, source: Source, version: str) -> bool:
        return self._passed.get((source, version), lambda: self._read(source, version)[0].passed)

    def _client(self, source: Source) -> ObjectStore:
        bucket = _home(source).bucket
        access = Source(bucket, "", source.endpoint, source.region, source.credentials)  # whatever the model
        return self._clients.get((bucket, access), lambda: self._connect(bucket, access))


def _home(source: Source) -> ModelHome:
    return ModelHome.at(source.store, source.model)
