"""Following a trial to its end. Pure: what is followed, and how it ended, from one look to the next."""

from dataclasses import dataclass

from seatrial.api.status import Ended
from seatrial.cli.model_deployment import ModelDeployment
from seatrial.cli.retry import refused_versions
from seatrial.cli.summary import serving
from seatrial.core.moves import Outcome

_WORDS = {
    Outcome.PROMOTED: "was promoted",
    Outcome.ROLLED_BACK: "was rolled back",
    Outcome.SUPERSEDED: "was replaced",
    Outcome.ABORTED: "was aborted",
}


@dataclass(frozen=True, slots=True)
class Followed:
    """A revision on trial; `in_probation`: one that was promoted already when it was first seen."""

    revision: str
    in_probation: bool = False


@dataclass(frozen=True, slots=True)
class Ending:
    """How it ended, for a person; `good` where the version serves."""

    good: bool
    said: str


def followed(model: ModelDeployment, version: str | None) -> Followed | None:
    """Return what is to be followed: what is on trial or in probation; with a version, only a trial of that one."""
    trial, tried = model.status.trial, model.tried
    if tried is None or version not in (None, tried.version) or (version is not None and trial is None):
        return None
    return Followed(tried.revision, in_probation=trial is None)


def ending(model: ModelDeployment, follows: Followed) -> Ending | None:
    """Return how the trial, or the probation, that is followed ended; None while it goes on."""
    tried, on_trial = model.tried, model.status.trial is not None
    if tried is not None and tried.revision == follows.revision and (on_trial or follows.in_probation):
        return None
    ends = [one for one in model.status.history if one.revision == follows.revision]
    lost = Ending(False, f"revision {follows.revision} is not on trial any more, and status does not say why")
    return _told(ends[-1]) if ends else lost


def settled(model: ModelDeployment, version: str) -> Ending | None:
    """Return how a version's trial ended before anybody looked: it serves, or it was refused; None where neither."""
    if not model.is_observed or model.status.trial is not None:
        return None
    if model.status.stable is not None and model.status.stable.version == version:
        return Ending(True, serving(model))
    ends = [one for one in model.status.history if one.version == version]
    return _told(ends[-1]) if ends and ends[-1].revision in refused_versions(model) else None


def _told(ended: Ended) -> Ending:
    outcome = Outcome(ended.outcome)
    said = f"version {ended.version} (revision {ended.revision}) {_WORDS[outcome]}: {ended.message}"
    return Ending(outcome is Outcome.PROMOTED, said)
