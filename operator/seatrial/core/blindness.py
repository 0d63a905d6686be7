"""What cannot be seen now, without which a trial is not judged."""

from seatrial.core.compared import compared
from seatrial.core.observed import Observed, Unknown


def unseen(observed: Observed) -> str:
    """Say which side's pods cannot be seen, and why; empty where it is known how often all of them restarted."""
    there = [(one, observed.pods[one]) for one in sorted(compared(observed.status)) if one in observed.pods]
    blind = [f"revision {one}: {pods.trouble}" for one, pods in there if pods.restarts is None]
    return "; ".join(blind)


def blindness(observed: Observed) -> tuple[str, ...]:
    """Say why Prometheus, or Kubernetes about pods, cannot be asked now; empty where both can."""
    unknown = observed.evidence.message if isinstance(observed.evidence, Unknown) else ""
    return tuple(filter(None, (unknown, unseen(observed))))
