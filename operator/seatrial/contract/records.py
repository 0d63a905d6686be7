"""The small records beside the versions: channel pointers, serving records, audit records."""

from dataclasses import asdict, dataclass

from seatrial.contract.canonical import canonical_json
from seatrial.contract.reading import read_document

MAXIMUM_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Pointer:
    """A channel (`latest`, `production`, …) or a serving record: the one version that it names, and since when.

    `revision` is the hash that the operator served it as; empty in a channel.
    """

    version: str
    digest: str
    moved: str  # RFC 3339, UTC
    by: str  # who moved it: a user, an operator, a training Job
    reason: str = ""
    revision: str = ""

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return canonical_json(asdict(self))


@dataclass(frozen=True, slots=True)
class Audit:
    """Who did what to which version, when and why; written once, never changed."""

    when: str
    who: str
    action: str  # pushed, rejected, channel-moved, promoted, rolled-back, …
    version: str
    digest: str
    detail: str = ""

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return canonical_json(asdict(self))


def parse_pointer(data: bytes, what: str) -> Pointer:
    """Read a pointer; `what` names it in a message. Raises DocumentError."""
    reader = read_document(what, data)
    return Pointer(
        version=reader.segment("version"),
        digest=reader.digest("digest"),
        moved=reader.text("moved"),
        by=reader.text("by"),
        reason=reader.text("reason", ""),
        revision=reader.text("revision", ""),
    )
