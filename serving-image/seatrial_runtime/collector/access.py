"""How a collector comes to the store: by the pod's own identity, or by a Secret, which may change while it runs.

The kubelet keeps the mounted Secret's files up to date. They are read before each use of the store, which costs next
to nothing beside it, so that new credentials count from the next part on.
"""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from seatrial.contract.environment import ACCESS_KEY, CREDENTIALS, ENDPOINT, REGION, SECRET_KEY
from seatrial.store.objects import DeniedError, ObjectStore
from seatrial.store.s3 import Credentials, S3Store

Connect = Callable[[], ObjectStore]  # raises StoreError

_log = logging.getLogger(__name__)
_TRIES = 3


class SecretError(DeniedError):
    """The files of the Secret are not there, or hold nothing."""


class Access:
    """The store by the credentials that the files hold now. For one thread."""

    def __init__(self, folder: Path, open_store: Callable[[Credentials], ObjectStore]) -> None:
        self._folder, self._open = folder, open_store
        self._opened: tuple[Credentials, ObjectStore] | None = None

    def connect(self) -> ObjectStore:
        """Return the store, with a new client where the credentials have changed; raises SecretError."""
        credentials = read_credentials(self._folder)
        if self._opened is None or self._opened[0] != credentials:
            self._opened = credentials, self._open(credentials)
            _log.info("the Secret's credentials were read, and are used from now on")
        return self._opened[1]


def connection(bucket: str, variables: Mapping[str, str]) -> Connect:
    """Return how the environment says that a bucket is reached; raises InvalidLocationError or StoreError."""
    endpoint, region = variables.get(ENDPOINT) or None, variables.get(REGION) or None
    folder = variables.get(CREDENTIALS)
    if not folder:
        store = S3Store(bucket, endpoint, region)
        return lambda: store
    access = Access(Path(folder), lambda credentials: S3Store(bucket, endpoint, region, credentials))
    return access.connect


def read_credentials(folder: Path) -> Credentials:
    """Read both files of one state of the Secret; raises SecretError."""
    trouble: Exception | None = None
    for _ in range(_TRIES):
        try:
            return _read(folder)
        except (OSError, UnicodeDecodeError) as error:  # there is none, or another has just taken its place
            trouble = error
    raise SecretError(_what_is_needed(str(trouble))) from trouble


def _read(folder: Path) -> Credentials:
    """Follow the links once: each state has a directory of its own, so that two states are never mixed."""
    state = (folder / ACCESS_KEY).resolve().parent
    access_key, secret_key = ((state / name).read_text("utf-8").strip() for name in (ACCESS_KEY, SECRET_KEY))
    if not access_key or not secret_key:
        raise SecretError(_what_is_needed(f"{SECRET_KEY if access_key else ACCESS_KEY} is empty"))
    return Credentials(access_key, secret_key)


def _what_is_needed(why: str) -> str:
    return (
        f"there are no credentials for the store ({why}): the Secret that spec.storage.secretRef names "
        f"must exist and have the keys {ACCESS_KEY} and {SECRET_KEY}"
    )
