"""Following what is wanted: a trial starts, is replaced or ended, when another version is named."""

from dataclasses import replace
from datetime import datetime

from seatrial.api.status import Status
from seatrial.core import moves
from seatrial.core.moves import Outcome
from seatrial.core.observed import Observed, Unknown
from seatrial.core.recipe import Recipe
from seatrial.core.target import reference_to, served_recipe


def follow(observed: Observed, status: Status, wanted: Recipe | Unknown, now: datetime) -> Status:
    """Return the status with the trial that the wanted recipe asks for.

    What is not known changes nothing: a trial goes on, what serves goes on serving.
    """
    if isinstance(wanted, Unknown):
        return status
    if status.stable is None:
        return _first(observed, status, wanted, now)
    status = _heal(observed, status, wanted)
    if status.trial is not None:
        return _while_on_trial(status, wanted, now)
    if status.probation is not None and wanted.revision == status.probation.previous.revision:
        return moves.revert(status, status.probation, "the spec went back to it", now, failed=False)
    if _is_settled(status, wanted):
        return status
    return moves.start(status, reference_to(wanted), now)


def _first(observed: Observed, status: Status, wanted: Recipe, now: datetime) -> Status:
    """Nothing serves yet, unless the store remembers that something did: then that is stable again."""
    if isinstance(observed.serving, Unknown):
        return status
    served = served_recipe(observed, wanted)
    if served is not None:
        return replace(status, stable=reference_to(served), trial=None)
    if status.trial is not None and status.trial.candidate.revision == wanted.revision:
        return status
    if status.trial is not None:
        status = moves.end(status, status.trial, Outcome.SUPERSEDED, f"by version {wanted.version}", now)
    return moves.start(status, reference_to(wanted), now)


def _while_on_trial(status: Status, wanted: Recipe, now: datetime) -> Status:
    trial = status.trial
    if trial is None or wanted.revision == trial.candidate.revision:
        return status
    if status.stable is not None and wanted.revision == status.stable.revision:
        return moves.end(status, trial, Outcome.ABORTED, "the spec went back to the stable version", now)
    status = moves.end(status, trial, Outcome.SUPERSEDED, f"by version {wanted.version}", now)
    return status if _is_settled(status, wanted) else moves.start(status, reference_to(wanted), now)


def _is_settled(status: Status, wanted: Recipe) -> bool:
    """Say whether there is nothing to try: it serves already, or it was tried and refused."""
    if status.stable is not None and wanted.revision == status.stable.revision:
        return True
    return any(rejected.revision == wanted.revision for rejected in status.rejected)


def _heal(observed: Observed, status: Status, wanted: Recipe) -> Status:
    """A stable revision whose recipe and pods are both gone is made again, as the spec serves its version today."""
    stable = status.stable
    if stable is None or stable.revision in observed.recipes or stable.revision in observed.pods:
        return status
    return replace(status, stable=reference_to(replace(wanted, version=stable.version, digest=stable.digest)))
