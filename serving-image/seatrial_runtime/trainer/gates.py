"""The gates: what a trained model must reach to be published as passed. Pure; each says its numbers."""

from dataclasses import dataclass

from seatrial.contract.manifest import Gate
from seatrial.contract.training import Gates

_TOLERANCE = 1e-12  # of a sum of doubles


@dataclass(frozen=True, slots=True)
class Serving:
    """The serving version's score on the same test rows, or why there is none."""

    version: str
    score: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the gates look at: scores of one metric on the test rows, seconds."""

    metric: str
    score: float
    baseline: float
    serving: Serving | None  # None: nothing serves yet
    latency_p99: float | None = None  # measured only where it is asked for


def judge(gates: Gates, evidence: Evidence) -> tuple[Gate, ...]:
    """Return every gate that applies, passed or not. What cannot be known does not pass."""
    found = [_baseline(evidence)]
    if gates.minimum is not None:
        found.append(_minimum(gates.minimum, evidence))
    if evidence.serving is not None:
        found.append(_serving(gates.margin, evidence, evidence.serving))
    if gates.latency_p99 is not None:
        found.append(_latency(gates.latency_p99, evidence.latency_p99))
    return tuple(found)


def _baseline(evidence: Evidence) -> Gate:
    detail = f"{evidence.metric} {evidence.score:.4f}; always the same answer has {evidence.baseline:.4f}"
    return Gate("baseline", evidence.score > evidence.baseline + _TOLERANCE, detail)


def _minimum(minimum: float, evidence: Evidence) -> Gate:
    detail = f"{evidence.metric} {evidence.score:.4f}; at least {minimum:g} is needed"
    return Gate("minimum", evidence.score >= minimum - _TOLERANCE, detail)


def _serving(margin: float, evidence: Evidence, serving: Serving) -> Gate:
    if serving.score is None:
        return Gate(
            "serving", False, f"version {serving.version}, which serves, could not be measured: {serving.reason}"
        )
    detail = (
        f"{evidence.metric} {evidence.score:.4f}; version {serving.version}, which serves, has {serving.score:.4f} on"
        f" the same rows, and {margin:g} less would do"
    )
    return Gate("serving", evidence.score >= serving.score - margin - _TOLERANCE, detail)


def _latency(limit: float, measured: float | None) -> Gate:
    if measured is None:
        return Gate("latency", False, "the time of one row could not be measured")
    return Gate("latency", measured <= limit, f"p99 {measured * 1e3:.2f} ms for one row; at most {limit * 1e3:g} ms")
