"""The names that may be used: of models, versions, channels and prediction ids."""

import re
import secrets

# One path segment, so that no name can reach into another's folder in the store.
_SEGMENT = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
SEGMENT_RULE = "1 to 63 letters, digits, '.', '_' or '-', beginning and ending with a letter or digit, no '..'"

_PREDICTION_ID = re.compile(r"[0-9a-f]{32}")
REVISION_LENGTH = 10  # characters
_REVISION = re.compile(rf"[0-9a-f]{{{REVISION_LENGTH}}}")
PREDICTION_ID_RULE = "32 hexadecimal digits, as in the answer's X-Prediction-Id"

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
DIGEST_RULE = "sha256: and 64 hexadecimal digits"


class InvalidNameError(ValueError):
    """A name that cannot be one; the message says what would be right."""


def check_segment(what: str, value: str) -> str:
    """Return the name of a model, version or channel, or raise with the rule it breaks."""
    if not is_segment(value):
        raise InvalidNameError(f"{what} is {value!r}; expected {SEGMENT_RULE}")
    return value


def is_segment(value: str) -> bool:
    """Say whether the text may be one path segment."""
    return _SEGMENT.fullmatch(value) is not None and ".." not in value


def natural_order(version: str) -> tuple[list[tuple[int, int, str]], str]:
    """Return a key that sorts versions as people do: 2 before 10."""
    parts = re.findall(r"\d+|\D+", version)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts], version


def is_alike(version: str, other: str) -> bool:
    """Say whether two versions are named alike, but for their numbers: only then one of them is the newer."""
    return re.sub(r"\d+", "0", version) == re.sub(r"\d+", "0", other)


def is_digest(value: str) -> bool:
    """Say whether the text is a digest as `canonical.digest_of` writes it."""
    return _DIGEST.fullmatch(value) is not None


def is_revision(value: str) -> bool:
    """Say whether the text may be a revision: the first digits of its recipe's hash."""
    return _REVISION.fullmatch(value) is not None


def is_prediction_id(value: str) -> bool:
    """Say whether the text may be a prediction's id."""
    return _PREDICTION_ID.fullmatch(value) is not None


def new_prediction_id(milliseconds: int) -> str:
    """Return a fresh id: 48 bits of time, then 80 random ones, so that ids sort by when they were made."""
    return f"{milliseconds & (1 << 48) - 1:012x}{secrets.token_hex(10)}"
