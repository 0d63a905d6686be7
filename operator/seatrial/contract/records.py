"""The small records beside the versions: channel pointers, serving records, audit records."""

from dataclasses import asdict, dataclass

from seatrial.contract.canonical import canonical_json
from seatrial.contract.names import DIGEST_RULE, SEGMENT_RULE, is_digest, is_segment
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
    if not is_segment(reader.text("version")):
        raise reader.fail("version", SEGMENT_RULE)
    if not is_digest(reader.text("digest")):
        raise reader.fail("digest", DIGEST_RULE)
    return Pointer(
        version=reader.text("version"),
        digest=reader.text("digest"),
        moved=reader.text("moved"),
        by=reader.text("by"),
        reason=reader.text("reason", ""),
        revision=reader.text("revision", ""),
    )
