"""What a person asks of a rollout, beside what the spec says should be so: annotations of the ModelDeployment.

Each names the revision that it is about, so that one which is left over does nothing to another:

- `seatrial.dev/promote: <revision>`: go on with it without waiting for durations, approvals or checks that are
  Inconclusive, and let it take over. A check that says Fail still rolls it back, and a pause still holds it.
- `seatrial.dev/promote: <revision>/<weight>`: what is asked of the canary step of this weight is approved, and so are
  the steps before it.
- `seatrial.dev/abort: <revision>`: it is not tried, and while on trial or in probation gives its place back.
- `seatrial.dev/retry: <revision>` or `<revision>/<token>`: try it again although it was rejected. Each value once;
  one of more than 253 characters is not followed.
"""

from collections.abc import Mapping

PROMOTE, ABORT, RETRY = "seatrial.dev/promote", "seatrial.dev/abort", "seatrial.dev/retry"

LONGEST = 253  # characters: more cannot be remembered, and what cannot is not followed

Annotations = Mapping[str, str]


def promote_value(revision: str, weight: int | None = None) -> str:
    """Return what PROMOTE says to promote a revision, or (with a weight in percent) to approve its canary step."""
    return revision if weight is None else f"{revision}/{weight}"


def retry_value(revision: str, token: str) -> str:
    """Return what RETRY says to try a revision again; a new token asks for it anew."""
    return f"{revision}/{token}"


def promotes(annotations: Annotations, revision: str) -> bool:
    """Say whether a person asks for the revision to take over without waiting."""
    return annotations.get(PROMOTE) == revision


def approves(annotations: Annotations, revision: str, weight: int) -> bool:
    """Say whether a person has approved that the revision goes beyond its step of this weight (percent)."""
    named, _, approved = annotations.get(PROMOTE, "").partition("/")
    return named == revision and approved in map(str, range(weight, 100))


def aborts(annotations: Annotations, revision: str) -> bool:
    """Say whether a person asks for the revision not to be tried."""
    return annotations.get(ABORT) == revision


def retry_of(annotations: Annotations, revision: str) -> str:
    """Return the request to try the revision again, empty where there is none, or none that can be followed."""
    value = annotations.get(RETRY, "")
    if len(value) > LONGEST:
        return ""
    return value if _named(value) == revision and not is_muddled(annotations, revision) else ""


def is_muddled(annotations: Annotations, revision: str) -> bool:
    """Say whether the revision is to be retried, and aborted or promoted too: nobody can know what came last."""
    others = (annotations.get(PROMOTE, ""), annotations.get(ABORT, ""))
    return _named(annotations.get(RETRY, "")) == revision and revision in map(_named, others)


def _named(value: str) -> str:
    return value.partition("/")[0]
