"""The cluster as the command line needs it. `kube` is the real one; tests put a fake in its place."""

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from seatrial.ports import Document


class ModelDeployments(Protocol):
    """The ModelDeployments of one cluster: read, watched and annotated, and never changed in any other way.

    Every call is bounded in time and raises a ClusterError, whose message says what to do.
    """

    @property
    def namespace(self) -> str:
        """The namespace of who names none."""

    def read(self, namespace: str, name: str) -> Document:
        """Return one as it is now; AbsentError."""

    def listing(self, namespace: str | None) -> Iterator[Document]:
        """Yield those of a namespace, or (None) of all."""

    def annotate(self, document: Document, annotations: Mapping[str, str | None]) -> None:
        """Set annotations of the very object that was read, or (None) remove them; ConflictError where it changed."""

    def changes(self, namespace: str, name: str, seconds: float) -> Iterator[Document]:
        """Yield one as it is now and each time that it changes, for so long; AbsentError once it is deleted."""


OpenCluster = Callable[[str | None, str | None], ModelDeployments]  # of kubeconfig, context
