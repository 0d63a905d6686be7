"""What the store says of the wanted version, as values; every way in which it cannot say it has its own reason."""

from collections.abc import Iterator
from contextlib import contextmanager

from seatrial.api.conditions import Reason
from seatrial.api.spec import Spec
from seatrial.contract.environment import ACCESS_KEY, SECRET_KEY
from seatrial.contract.layout import InvalidLocationError
from seatrial.contract.manifest import Manifest
from seatrial.contract.names import InvalidNameError
from seatrial.contract.reading import DocumentError
from seatrial.contract.records import Pointer
from seatrial.core.observed import Target, Unknown
from seatrial.ports import AbsentError, Cluster, ClusterError, Key, Source, Store, UnavailableError
from seatrial.store.objects import (
    DeniedError,
    NoBucketError,
    NotFoundError,
    StoreError,
    TamperedError,
    TooLargeError,
    UnreachableError,
)

_NO_SECRET = (
    f"spec.storage.secretRef is not set: name a Secret of this namespace with the keys {ACCESS_KEY} and {SECRET_KEY};"
    " without one the operator would use its own identity, which it was not installed to lend (the chart's"
    " storage.ownIdentity)"
)


class UnknownError(Exception):
    """Something could not be found out; `why` is what the decision is told."""

    def __init__(self, why: Unknown) -> None:
        super().__init__(why.message)
        self.why = why


async def source_of(cluster: Cluster, namespace: str, spec: Spec, *, own_identity: bool) -> Source | Unknown:
    """Return where the model is and how to reach it; without a Secret only by an identity that the operator lends."""
    if spec.storage.secret is None and not own_identity:
        return Unknown(Reason.SECRET_NOT_FOUND, _NO_SECRET)
    try:
        credentials = await _credentials(cluster, namespace, spec.storage.secret)
    except UnknownError as error:
        return error.why
    storage, model = spec.storage, spec.model
    return Source(model.store, model.name, storage.endpoint, storage.region, credentials, namespace)


async def target_of(store: Store, source: Source, spec: Spec) -> Target | Unknown:
    """Return the version that the spec or its channel names; its digests agree and its gates passed."""
    try:
        return await _target(store, source, spec)
    except UnknownError as error:
        return error.why


async def serving_of(store: Store, source: Source, cluster: str, key: Key) -> Pointer | Unknown | None:
    """Return the serving record of a ModelDeployment."""
    try:
        with _explained(Reason.VERSION_NOT_FOUND):
            return await store.serving(source, cluster, key)
    except UnknownError as error:
        return error.why


async def _credentials(cluster: Cluster, namespace: str, name: str | None) -> tuple[str, str] | None:
    if name is None:
        return None
    what = f"spec.storage.secretRef.name is {name!r}"
    needed = f"a Secret of that name in namespace {namespace} with the keys {ACCESS_KEY} and {SECRET_KEY}"
    try:
        data = await cluster.secret(namespace, name)
    except AbsentError:
        raise UnknownError(Unknown(Reason.SECRET_NOT_FOUND, f"{what}; there is none: make {needed}")) from None
    except UnavailableError as error:
        raise UnknownError(Unknown(Reason.STORE_UNREACHABLE, f"{what}; it cannot be read now: {error}")) from error
    except ClusterError as error:
        raise UnknownError(Unknown(Reason.SECRET_NOT_FOUND, f"{what}; it may not be read: {error}")) from error
    absent = [key for key in (ACCESS_KEY, SECRET_KEY) if not data.get(key)]
    if absent:
        message = f"{what}; it lacks {' and '.join(absent)}: expected {needed}"
        raise UnknownError(Unknown(Reason.SECRET_NOT_FOUND, message))
    pair = data[ACCESS_KEY].strip(), data[SECRET_KEY].strip()
    if not pair[0].isprintable():  # it is sent in a header
        message = f"{what}; its {ACCESS_KEY} cannot be one: expected printable characters"
        raise UnknownError(Unknown(Reason.SECRET_NOT_FOUND, message))
    return pair


async def _target(store: Store, source: Source, spec: Spec) -> Target:
    version, promised = spec.model.version, None
    if version is None:
        version, promised = await _channel(store, source, spec.model.channel or "")
    with _explained(Reason.VERSION_NOT_FOUND):
        manifest, digest = await store.manifest(source, version, spec.model.digest or promised)
    _check_digest(f"channel {spec.model.channel}", promised, digest, version)
    _check_digest("spec.model.digest", spec.model.digest, digest, version)
    _check_gates(manifest)
    return Target(version, digest, manifest)


async def _channel(store: Store, source: Source, channel: str) -> tuple[str, str]:
    with _explained(Reason.CHANNEL_NOT_FOUND):
        pointer = await store.channel(source, channel)
    return pointer.version, pointer.digest


def _check_digest(what: str, promised: str | None, found: str, version: str) -> None:
    if promised is not None and promised != found:
        message = f"{what} is {promised}; the manifest of version {version} has {found}: it is not what was promised"
        cure = f"; if {what} was only forgotten, set it to that"
        raise UnknownError(Unknown(Reason.DIGEST_MISMATCH, message + cure))


def _check_gates(manifest: Manifest) -> None:
    if not manifest.passed:
        failed = "; ".join(f"{gate.name}: {gate.detail}" for gate in manifest.gates if not gate.passed)
        message = f"version {manifest.version} was rejected by its own gates ({failed}); name one that passed"
        raise UnknownError(Unknown(Reason.GATES_NOT_PASSED, message))


@contextmanager
def _explained(absent: Reason) -> Iterator[None]:
    """Turn what a store raises into an Unknown; `absent` is the reason where there is no such object.

    Nothing of a document that is none of Seatrial's is shown: the endpoint may be anything that the operator reaches.
    """
    try:
        yield
    except StoreError as error:
        raise UnknownError(Unknown(reason_of(error, absent), str(error))) from error
    except DocumentError as error:
        raise UnknownError(Unknown(Reason.INVALID_MANIFEST, error.without_value)) from error
    except (InvalidNameError, InvalidLocationError) as error:
        raise UnknownError(Unknown(Reason.INVALID_SPEC, str(error))) from error


def reason_of(error: StoreError, absent: Reason = Reason.VERSION_NOT_FOUND) -> Reason:
    """Return the reason that the user reads for what a store raised; `absent` where something is not there."""
    match error:
        case NotFoundError() | NoBucketError():
            return absent
        case DeniedError():
            return Reason.STORE_DENIED
        case TamperedError():
            return Reason.DIGEST_MISMATCH
        case TooLargeError():
            return Reason.INVALID_MANIFEST
        case UnreachableError():
            return Reason.STORE_UNREACHABLE
        case _:  # it answers, but not as this store would: the address or the region is wrong
            return Reason.INVALID_SPEC
