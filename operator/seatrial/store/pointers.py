"""Pointers: the small records that name one version and move by compare-and-swap."""

from dataclasses import dataclass

from seatrial.contract.records import MAXIMUM_BYTES, Pointer, parse_pointer
from seatrial.store.objects import NotFoundError, ObjectStore, PreconditionError


@dataclass(frozen=True, slots=True)
class Held:
    """A pointer as it was read, and the entity tag by which it may be moved."""

    pointer: Pointer
    etag: str


def read_pointer(store: ObjectStore, key: str, what: str) -> Held | None:
    """Return the pointer at a key, None where there is none; DocumentError naming `what` where it is none."""
    try:
        held = store.get(key, maximum=MAXIMUM_BYTES)
    except NotFoundError:
        return None
    return Held(parse_pointer(held.body, f"{what} ({key})"), held.etag)


def swap_pointer(store: ObjectStore, key: str, what: str, pointer: Pointer, expected: str | None) -> Held:
    """Write a pointer where the one with entity tag `expected` stands (None: where there is none).

    Raises PreconditionError, naming what stands there, where that is another. A write that took place but whose
    answer was lost counts as done: the pointer there is the very one.
    """
    try:
        etag = store.put(key, pointer.encode(), if_absent=expected is None, if_match=expected)
    except PreconditionError:
        held = read_pointer(store, key, what)
        if held is not None and held.pointer == pointer:
            return held
        raise PreconditionError(_lost(what, held)) from None
    return Held(pointer, etag)


def _lost(what: str, held: Held | None) -> str:
    if held is None:
        return f"{what} was removed meanwhile; look again, then decide"
    now = held.pointer
    return f"{what} was moved meanwhile: {now.by} moved it to {now.version} at {now.moved}; look again, then decide"
