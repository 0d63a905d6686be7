"""What Seatrial needs of an object store, and the ways in which that can fail."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class StoreError(Exception):
    """The store did not do what was asked; the message says what and what may help."""


class NotFoundError(StoreError):
    """There is no such object."""


class NoBucketError(StoreError):
    """There is no such bucket: a mistake in the address, never a mere absence of an object."""


class PreconditionError(StoreError):
    """A conditional write lost: the object exists already, or is not what it was when it was read."""


class DeniedError(StoreError):
    """The credentials are wrong, or do not allow this."""


class UnreachableError(StoreError):
    """The store did not answer in time, or answered that it cannot now: trying again later may help."""


class TooLargeError(StoreError):
    """The object is larger than the caller's bound."""


class TamperedError(StoreError):
    """The bytes in the store are not those that the digest promises."""


@dataclass(frozen=True, slots=True)
class Object:
    """An object's bytes and the entity tag that a conditional write names."""

    body: bytes
    etag: str


class ObjectStore(Protocol):
    """One bucket's objects. Every call is bounded in time and raises a StoreError."""

    def get(self, key: str, *, maximum: int) -> Object:
        """Return an object of at most `maximum` bytes; NotFoundError, TooLargeError."""

    def put(self, key: str, body: bytes, *, if_absent: bool = False, if_match: str | None = None) -> str:
        """Write an object and return its entity tag; PreconditionError where a condition does not hold."""

    def upload(self, key: str, path: Path) -> None:
        """Write a file of any size, by parts where it is large."""

    def download(self, key: str, path: Path, *, size: int) -> None:
        """Write an object to a new file; TooLargeError where it has not exactly `size` bytes."""

    def list(self, prefix: str, *, folders: bool = False, limit: int = 10_000) -> Iterator[str]:
        """Yield at most `limit` keys that begin with a prefix, in the order of their bytes.

        With `folders`, the names of the folders just below a prefix that ends with a slash, without any slash.
        """

    def delete(self, key: str) -> None:
        """Remove an object; an absent one is no error."""
