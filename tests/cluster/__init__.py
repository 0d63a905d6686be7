"""A real single-node Kubernetes, built and run on one bare machine. See README.md."""

from tests.cluster.cluster import Cluster
from tests.cluster.progress import Progress

__all__ = ["Cluster", "Progress"]
