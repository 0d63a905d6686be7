"""Canonical JSON and digests: one value has one sequence of bytes, so its SHA-256 is its name."""

import hashlib
import json
from pathlib import Path
from typing import Any

# JSON's own values; what a canonical document may hold.
Json = None | bool | int | float | str | list[Any] | dict[str, Any]

_CHUNK = 1 << 20


def canonical_json(value: Json) -> bytes:
    """Return the one UTF-8 encoding of a JSON value: keys sorted, no spaces, no NaN or infinity.

    Floats are written by `repr`, the shortest text that reads back as the same double (as RFC 8785 does for
    all but the exponent's form).
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def digest_of(data: bytes) -> str:
    """Return `sha256:<64 hex digits>` of the bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def digest_of_file(path: Path) -> str:
    """Return `sha256:<64 hex digits>` of a file, read by parts."""
    sha = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            sha.update(chunk)
    return "sha256:" + sha.hexdigest()
