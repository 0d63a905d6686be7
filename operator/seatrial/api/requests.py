"""What a person asks of a rollout, beside what the spec says should be so: annotations of the ModelDeployment.

Each names the revision that it is about, so that one which is left over does nothing to another:

- `seatrial.dev/promote: <revision>`: go on with it without waiting for durations, approvals or checks that are
  Inconclusive, and let it take over. A check that says Fail still rolls it back, and a pause still holds it.
- `seatrial.dev/promote: <revision>/<weight>`: what is asked of the canary step of this weight is approved, and so are
  the steps before it. Either is for one trial: left over, it does nothing to another one of the same revision. To say
  the same of that one, change the value: `<revision>//<token>`, `<revision>/<weight>/<token>`.
- `seatrial.dev/abort: <revision>`: it is not tried, and while on trial or in probation gives its place back.
- `seatrial.dev/retry: <revision>` or `<revision>/<token>`: try it again although it was rejected. Each value once;
  one of more than 253 characters is not followed.
"""

from collections.abc import Mapping

from seatrial.contract.names import is_revision

PROMOTE, ABORT, RETRY = "seatrial.dev/promote", "seatrial.dev/abort", "seatrial.dev/retry"

SHOWN, AN_EXAMPLE = 40, "1afdacc676"
LONGEST = 253  # characters: more cannot be remembered, and what cannot is not followed

Annotations = Mapping[str, str]


def promote_value(revision: str, weight: int | None = None, spent: str = "") -> str:
    """Return what PROMOTE says to promote a revision, or (with a weight in percent) to approve its canary step.

    `spent` is the value that counts no more, because it was for another trial.
    """
    value = revision if weight is None else f"{revision}/{weight}"
    again = f"{revision}//2" if weight is None else f"{value}/2"
    return again if value == spent else value


def retry_value(revision: str, token: str) -> str:
    """Return what RETRY says to try a revision again; a new token asks for it anew."""
    return f"{revision}/{token}"


def promotes(annotations: Annotations, revision: str) -> bool:
    """Say whether a person asks for the revision to take over without waiting."""
    match annotations.get(PROMOTE, "").split("/"):
        case [named] | [named, "", _]:
            return named == revision
    return False


def approves(annotations: Annotations, revision: str, weight: int) -> bool:
    """Say whether a person has approved that the revision goes beyond its step of this weight (percent)."""
    match annotations.get(PROMOTE, "").split("/"):
        case [named, approved] | [named, approved, _]:
            return named == revision and approved in map(str, range(weight, 100))
    return False


def approval(annotations: Annotations, revision: str) -> str:
    """Say what a person has approved of a revision's steps, empty where nothing."""
    value = annotations.get(PROMOTE, "")
    return f"approved by the annotation {PROMOTE}={value}" if approves(annotations, revision, 1) else ""


def unspent(annotations: Annotations, spent: str) -> Annotations:
    """Return the annotations without a promotion or approval that was for a trial that has ended."""
    is_left_over = spent != "" and annotations.get(PROMOTE) == spent
    return {name: value for name, value in annotations.items() if name != PROMOTE} if is_left_over else annotations


def spent_with(annotations: Annotations, revision: str) -> str:
    """Return the promotion or approval that is spent with the end of a revision's trial, empty where there is none."""
    value = annotations.get(PROMOTE, "")
    return value if _named(value) == revision and len(value) <= LONGEST else ""


def misunderstood(annotations: Annotations) -> tuple[str, ...]:
    """Return, in a person's words, each request that cannot be one, because it names no revision."""
    asked = {name: annotations[name] for name in (PROMOTE, ABORT, RETRY) if name in annotations}
    return tuple(
        f"the annotation {name} is {value[:SHOWN]!r}, which begins with no revision, such as {AN_EXAMPLE}"
        for name, value in asked.items()
        if not is_revision(_named(value))
    )


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
