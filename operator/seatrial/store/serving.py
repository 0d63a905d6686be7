"""Serving records: the version that a ModelDeployment last promoted, kept where a lost cluster cannot take it."""

from seatrial.contract.layout import ModelHome
from seatrial.contract.records import Pointer
from seatrial.store.objects import ObjectStore
from seatrial.store.pointers import Held, read_pointer, swap_pointer


def read_serving(store: ObjectStore, home: ModelHome, cluster: str, namespace: str, name: str) -> Held | None:
    """Return what the ModelDeployment last promoted and the record's entity tag; None where it never did."""
    return read_pointer(store, home.serving(cluster, namespace, name), _what(namespace, name))


def write_serving(
    store: ObjectStore,
    home: ModelHome,
    cluster: str,
    namespace: str,
    name: str,
    pointer: Pointer,
    *,
    expected: str | None,
) -> Held:
    """Record a promotion; `expected` is the entity tag under which the record was read, None where there was none.

    Raises PreconditionError where another operator wrote meanwhile.
    """
    return swap_pointer(store, home.serving(cluster, namespace, name), _what(namespace, name), pointer, expected)


def _what(namespace: str, name: str) -> str:
    return f"serving record of {namespace}/{name}"
