"""What cannot be seen now, without which a trial is not judged."""

from seatrial.core.compared import compared
from seatrial.core.observed import Observed, Unknown


def unseen(observed: Observed) -> str:
    """Say which side's pods cannot be seen, and why; empty where it is known how often all of them restarted."""
    there = [(one, observed.pods[one]) for one in sorted(compared(observed.status)) if one in observed.pods]
    blind = [f"revision {one}: {pods.trouble}" for one, pods in there if pods.restarts is None]
    return "; ".join(blind)


def lacks_evidence(observed: Observed) -> bool:
    """Say whether Prometheus, or Kubernetes about pods, cannot be asked now."""
    return isinstance(observed.evidence, Unknown) or unseen(observed) != ""
