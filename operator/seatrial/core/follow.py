"""Following what is wanted: a trial starts, is replaced or ended, when another version is named."""

from dataclasses import replace
from datetime import datetime

from seatrial.api import requests
from seatrial.api.status import RevisionRef, Status, Trial
from seatrial.core import moves
from seatrial.core.asked import forgiven, is_aborted, without_aborted
from seatrial.core.moves import Outcome
from seatrial.core.observed import Observed, Unknown
from seatrial.core.recipe import Recipe, what_differs
from seatrial.core.stages import may_end, may_move
from seatrial.core.target import (
    is_doubtful,
    names_another,
    reference_to,
    returns,
    rightful,
    served_recipe,
    with_version_of,
)


def follow(observed: Observed, status: Status, wanted: Recipe | Unknown, now: datetime) -> Status:
    """Return the status with the trial that the wanted recipe asks for.

    What is not known changes nothing: a trial goes on, what serves goes on serving. But what the spec names is known.
    """
    status = moves.forget_request(status, observed.annotations.get(requests.RETRY, ""))
    if is_doubtful(observed) and (served := rightful(observed)):
        return _restored(observed, status, served, now)
    ended = without_aborted(observed, status, now)
    if ended != status:
        return ended
    if isinstance(wanted, Unknown):
        return _without_unnamed(observed, status, now)
    if status.stable is None:
        return _first(observed, status, wanted, now)
    status = _heal(observed, status, status.stable, wanted)
    if status.trial is not None:
        return _while_on_trial(observed, status, status.trial, wanted, now)
    return _while_settled(observed, forgiven(observed, status, wanted), wanted, now)


def _while_settled(observed: Observed, status: Status, wanted: Recipe, now: datetime) -> Status:
    if status.probation is not None and _is_before(status, status.probation.previous, wanted):
        return _back(observed, status, now)
    if _is_settled(observed, status, wanted):
        return status
    return moves.start(status, reference_to(wanted), now, returning=returns(observed, status, wanted.revision))


def _is_before(status: Status, previous: RevisionRef, wanted: Recipe) -> bool:
    """Say whether what served before is wanted again: also its version with other pods, which are tried after that."""
    other = status.stable is not None and status.stable.digest != wanted.digest
    return wanted.revision == previous.revision or (other and wanted.digest == previous.digest)


def _first(observed: Observed, status: Status, wanted: Recipe, now: datetime) -> Status:
    """Nothing serves yet, unless the store remembers that something did: then that is stable again."""
    if isinstance(observed.serving, Unknown):
        return status
    served, trial = served_recipe(observed, wanted), status.trial
    if served is not None:
        return _restored(observed, status, served, now)
    if trial is not None:
        return _while_on_trial(observed, status, trial, wanted, now)
    status = forgiven(observed, status, wanted)
    return status if _is_settled(observed, status, wanted) else moves.start(status, reference_to(wanted), now)


def _restored(observed: Observed, status: Status, served: Recipe, now: datetime) -> Status:
    """What the store says served is stable again, and what was on trial is not, unless it is just that."""
    trial = status.trial
    if trial is not None and served.revision != trial.candidate.revision:
        status = moves.end(status, trial, Outcome.SUPERSEDED, _successor(observed, trial, served), now)
    return moves.restore(status, reference_to(served), observed.pods, now)


def _successor(observed: Observed, trial: Trial, successor: Recipe) -> str:
    """Say what takes the candidate's place: of the same version, what is different about it."""
    before = observed.recipes.get(trial.candidate.revision)
    if successor.version != trial.candidate.version or before is None:
        return f"by version {successor.version}"
    return f"by version {successor.version} with other settings: {', '.join(what_differs(before, successor))}"


def _while_on_trial(observed: Observed, status: Status, trial: Trial, wanted: Recipe, now: datetime) -> Status:
    serves = status.stable is not None and wanted.revision == status.stable.revision
    if wanted.revision == trial.candidate.revision and not serves:
        return status
    if not may_end(observed, status, trial):
        return status
    if serves:
        return moves.end(status, trial, Outcome.ABORTED, "the stable version is wanted again", now)
    status = moves.end(status, trial, Outcome.SUPERSEDED, _successor(observed, trial, wanted), now)
    return _while_settled(observed, status, wanted, now)


def _without_unnamed(observed: Observed, status: Status, now: datetime) -> Status:
    """End the trial of what the spec does not name any more, though nobody knows yet what that is which it names."""
    trial = status.trial
    other = names_another(observed, trial.candidate) if trial is not None and status.stable is not None else ""
    if trial is None or not other or not may_end(observed, status, trial):
        return status
    return moves.end(status, trial, Outcome.SUPERSEDED, other, now)


def _back(observed: Observed, status: Status, now: datetime) -> Status:
    """The version that served before is wanted again: it is still there, so it needs no trial."""
    stable, probation = status.stable, status.probation
    if stable is None or probation is None:
        return status
    if not may_move(observed, away=stable.revision, to=probation.previous.revision):
        return status
    message = "the version before is wanted again"
    return moves.revert(status, probation, Outcome.ABORTED, message, now, refused=False)


def _is_settled(observed: Observed, status: Status, wanted: Recipe) -> bool:
    """Say whether there is nothing to try: it serves already, it was tried and refused, or a person said no."""
    if status.stable is not None and wanted.revision == status.stable.revision:
        return True
    rejected = any(rejected.revision == wanted.revision for rejected in status.rejected)
    return rejected or is_aborted(observed, wanted.revision)


def _heal(observed: Observed, status: Status, stable: RevisionRef, wanted: Recipe) -> Status:
    """What serves, or may serve again, is made anew where its recipe and pods are both gone: as the spec is today."""
    status = replace(status, stable=_healed(observed, stable, wanted))
    if status.probation is None:
        return status
    previous = _healed(observed, status.probation.previous, wanted)
    if previous == status.stable:
        return replace(status, probation=None, findings=())
    return replace(status, probation=replace(status.probation, previous=previous))


def _healed(observed: Observed, ref: RevisionRef, wanted: Recipe) -> RevisionRef:
    if ref.revision in observed.recipes:
        return reference_to(observed.recipes[ref.revision])
    if ref.revision in observed.pods:
        return ref
    return reference_to(with_version_of(ref, wanted))
