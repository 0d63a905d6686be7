"""An object store in this process's memory, for unit tests and simulations.

It keeps the promises of a real one that matter to Seatrial: a write is whole or absent, conditions are checked and
writes done in one step, an entity tag is the digest of the content (so the same bytes written again have the same
tag), keys are listed in the order of their bytes. What it cannot show: latency, lost answers, denied access.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from threading import Lock

from seatrial.store.objects import NotFoundError, Object, PreconditionError, TooLargeError


class MemoryStore:
    """One bucket's objects in a dictionary; safe to use from several threads."""

    def __init__(self) -> None:
        self._objects: dict[str, bytes] = {}
        self._lock = Lock()

    def get(self, key: str, *, maximum: int) -> Object:
        """Return an object of at most `maximum` bytes; NotFoundError, TooLargeError."""
        body = self._body(key)
        if len(body) > maximum:
            raise TooLargeError(f"{key} has {len(body)} bytes; at most {maximum} were expected")
        return Object(body, _etag(body))

    def put(self, key: str, body: bytes, *, if_absent: bool = False, if_match: str | None = None) -> str:
        """Write an object and return its entity tag; PreconditionError where a condition does not hold."""
        with self._lock:
            held = self._objects.get(key)
            if if_absent and held is not None:
                raise PreconditionError(f"{key} exists already")
            if if_match is not None and (held is None or _etag(held) != if_match):
                raise PreconditionError(f"{key} is not what it was when it was read")
            self._objects[key] = bytes(body)
        return _etag(body)

    def upload(self, key: str, path: Path) -> None:
        """Write a file."""
        self.put(key, path.read_bytes())

    def download(self, key: str, path: Path, *, size: int) -> None:
        """Write an object to a new file; TooLargeError where it has not exactly `size` bytes."""
        body = self._body(key)
        if len(body) != size:
            raise TooLargeError(f"{key} has {len(body)} bytes; {size} were expected")
        with path.open("xb") as file:
            file.write(body)

    def list(self, prefix: str, *, folders: bool = False, limit: int = 10_000) -> Iterator[str]:
        """Yield at most `limit` keys that begin with a prefix in order, or the names of the folders below it."""
        with self._lock:
            keys = sorted((key for key in self._objects if key.startswith(prefix)), key=str.encode)
        if folders:
            rests = (key.removeprefix(prefix).partition("/") for key in keys)
            keys = list(dict.fromkeys(name for name, slash, _ in rests if slash))
        yield from keys[:limit]

    def delete(self, key: str) -> None:
        """Remove an object; an absent one is no error."""
        with self._lock:
            self._objects.pop(key, None)

    def _body(self, key: str) -> bytes:
        with self._lock:
            if key not in self._objects:
                raise NotFoundError(f"there is no object {key}")
            return self._objects[key]


def _etag(body: bytes) -> str:
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
