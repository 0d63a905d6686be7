"""What a person asks of a trial: annotations of a ModelDeployment, each of which names the revision that it is about.

One that names another revision than the one that it could be about does nothing, so a stale one does no harm.

- `seatrial.dev/promote: <revision>` goes on with the revision without waiting: stages, durations, approvals and
  Inconclusive checks no longer hold it; it is scaled up in full and takes over. A check that says Fail still rolls it
  back, and `spec.rollout.paused` still holds it.
- `seatrial.dev/promote: <revision>/<weight>` approves the canary step of this weight, and every step of a lower one,
  where `approval: Required` makes the trial wait; never a step of a higher weight.
- `seatrial.dev/abort: <revision>` says, for as long as it is there, that the revision is not tried: a trial of it ends
  and stable has all traffic; in its probation the version before takes over again. Without the annotation it may be
  tried again.
- `seatrial.dev/retry: <revision>` or `<revision>/<token>` tries a rejected or aborted revision again. Each value is
  acted on once; any new token makes another.
"""

from seatrial.contract.labels import DOMAIN

PROMOTE, ABORT, RETRY = f"{DOMAIN}/promote", f"{DOMAIN}/abort", f"{DOMAIN}/retry"


def promote_value(revision: str, weight: int | None) -> str:
    """Return the value that approves the canary step of a weight (percent), or (None) promotes without waiting."""
    return revision if weight is None else f"{revision}/{weight}"


def retry_value(revision: str, token: str) -> str:
    """Return the value that asks for one more trial; a token that was not used before makes it a new one."""
    return f"{revision}/{token}"
