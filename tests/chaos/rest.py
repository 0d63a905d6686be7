"""When everything has come to rest, and whether what was written down of it agrees."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from seatrial.api.conditions import Truth, Type
from seatrial.api.status import Ended, Status
from seatrial.contract.records import Audit
from seatrial.core.news import WHO
from tests.chaos.rules import BY_A_PERSON, Look

# What the reason of a rejection names: a check that failed, the predictor's own words, or a person.
REASONS = (": Fail", "refused", BY_A_PERSON)


def unrest(look: Look, wanted: str) -> str:
    """Say what has not come to rest; empty where the wanted version serves, or was rejected for a good reason."""
    status, metadata = look.status, look.document["metadata"]
    if status.observed_generation != metadata["generation"]:
        return "the last spec was not seen"
    if status.trial is not None:
        return f"version {status.trial.candidate.version} is on trial and waits: {status.trial.held or 'no word why'}"
    if status.probation is not None or status.retiring:
        return "a revision has not gone yet"
    return _not_ready(status) or _not_whole(look) or _not_wanted(status, wanted)


def _not_ready(status: Status) -> str:
    ready = next((one for one in status.conditions if one.type is Type.READY), None)
    if ready is None or ready.status is not Truth.TRUE:
        return f"not ready: {ready.message if ready is not None else 'no word why'}"
    return ""


def _not_whole(look: Look) -> str:
    if len(look.deployments) != 1:
        return f"there are Deployments of {sorted(look.deployments)}"
    [deployment] = look.deployments.values()
    wanted, ready = deployment["spec"]["replicas"], (deployment.get("status") or {}).get("readyReplicas", 0)
    return f"{ready} of {wanted} pods are ready" if ready != wanted else ""


def _not_wanted(status: Status, wanted: str) -> str:
    if status.stable is not None and status.stable.version == wanted:
        return ""
    reasons = [one.message for one in status.rejected if one.version == wanted]
    if any(word in reason for reason in reasons[-1:] for word in REASONS):
        return ""
    serves = status.stable.version if status.stable is not None else "nothing"
    return f"version {wanted} is wanted, {serves} serves; rejected: {reasons[-1:]}"


def unrecorded(endings: Iterable[Ended], audits: Collection[Audit]) -> list[str]:
    """Return which endings of trials are not in the audit just once, and which records are of no ending."""
    expected = {(one.ended.isoformat(), one.version, one.message) for one in endings}
    found = [(one.when, one.version, one.detail) for one in audits if one.who == WHO]
    wrong = [f"{count} records of {ending}" for ending in expected if (count := found.count(ending)) != 1]
    return [*wrong, *(f"a record of no ending: {one}" for one in found if one not in expected)]


def by_outcome(endings: Iterable[Ended], qualities: Mapping[str, Any]) -> Mapping[str, int]:
    """Count the ends of trials by quality and outcome."""
    counts: dict[str, int] = {}
    for one in endings:
        name = f"{qualities[one.version]} {one.outcome}"
        counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items()))
