"""A ModelDeployment's `status` as the JSON document that stands in the cluster, written and read.

What is read back may say less than what was written (whole seconds, texts that were cut): to see whether a status has
changed, compare documents.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from seatrial.api.conditions import Condition, Reason, Truth, Type
from seatrial.api.plain import from_plain, to_plain
from seatrial.api.spec import Json
from seatrial.api.status import (
    MAXIMUM_HISTORY,
    MAXIMUM_REJECTED,
    Ended,
    Finding,
    Probation,
    Rejected,
    Retiring,
    RevisionRef,
    Stage,
    Status,
    TrainingStatus,
    Trial,
)
from seatrial.contract.labels import COMPONENT, MODEL, PREDICTOR, REVISION
from seatrial.contract.reading import DocumentError, Reader

T = TypeVar("T")

MAXIMUM_FINDINGS = 30
MAXIMUM_RETIRING = 50
TRIAL_STAGES = (Stage.PREPARING, Stage.SHADOW, Stage.CANARY)
REASONS = frozenset(Reason)
FULL = 100
# What is beyond these nobody but a hand wrote; arithmetic on it would end every pass.
EARLIEST_YEAR, MOST = 2000, 10**9


def status_document(status: Status, name: str) -> dict[str, Json]:
    """Return the status of the ModelDeployment `name` as JSON; lists keep their last items.

    What is None or empty is absent, and so is the weight without a candidate.

    `selector`, `stage` and `message` are for people and autoscalers; they are not read back.

    Raises:
        KeyError: a condition without the time at which it last changed.
    """
    sections = {
        "stable": status.stable,
        "trial": status.trial,
        "probation": status.probation,
        "training": status.training,
    }
    texts = {"alphaLeft": status.alpha_left, "retried": status.retried, "promoted": status.promoted}
    lists = {
        "findings": status.findings[-MAXIMUM_FINDINGS:],
        "rejected": status.rejected[-MAXIMUM_REJECTED:],
        "history": status.history[-MAXIMUM_HISTORY:],
        "retiring": status.retiring[-MAXIMUM_RETIRING:],
    }
    return {
        "observedGeneration": status.observed_generation,
        "replicas": status.replicas,
        "selector": _selector(status, name),
        "stage": status.stage.value,
        **({"weight": status.weight} if status.trial is not None else {}),
        "message": to_plain(_what_happens(status)),
        **{field: to_plain(text) for field, text in texts.items() if text},
        **{field: to_plain(value) for field, value in sections.items() if value is not None},
        **{field: [to_plain(item) for item in items] for field, items in lists.items() if items},
        "conditions": [_condition(condition, status) for condition in status.conditions],
    }


def read_status(document: object) -> Status:
    """Return the status that a document holds; parts that are malformed, or of another version, are left out."""
    if not isinstance(document, Mapping):
        return Status()
    plain = _first([document], _Plain) or _Plain()
    trial = _first([document.get("trial")], Trial)
    trial = _known(trial) if trial is not None and _can_be(trial) else None
    probation = _first([document.get("probation")], Probation)
    real = probation is not None and _are_real(probation.reference_since, probation.since)
    return Status(
        observed_generation=plain.observed_generation,
        replicas=plain.replicas,
        weight=plain.weight if trial is not None and plain.weight <= FULL else 0,
        stable=_first([document.get("stable")], RevisionRef),
        trial=trial,
        probation=probation if real else None,
        findings=_readable(document.get("findings"), Finding),
        rejected=_readable(document.get("rejected"), Rejected),
        history=tuple(one for one in _readable(document.get("history"), Ended) if one.outcome in REASONS),
        retiring=_readable(document.get("retiring"), Retiring),
        alpha_left=plain.alpha_left,
        retried=plain.retried,
        promoted=plain.promoted,
        training=_first([document.get("training")], TrainingStatus),
        conditions=_readable(document.get("conditions"), Condition),
        changed={c.type: c.last_transition_time for c in _readable(document.get("conditions"), _Change)} or None,
    )


@dataclass(frozen=True, slots=True)
class _Plain:
    observed_generation: int = 0
    replicas: int = 0
    weight: int = 0
    alpha_left: str = ""
    retried: str = ""
    promoted: str = ""


@dataclass(frozen=True, slots=True)
class _Change:
    type: Type
    last_transition_time: datetime


def _condition(condition: Condition, status: Status) -> dict[str, Json]:
    change = _Change(condition.type, (status.changed or {})[condition.type])
    return {**to_plain(condition), **to_plain(change), "observedGeneration": status.observed_generation}


def _selector(status: Status, name: str) -> str:
    """Select stable's pods alone: a slow candidate must not make an autoscaler add pods to stable."""
    labels = {MODEL: name, COMPONENT: PREDICTOR}
    if status.stable is not None:
        labels[REVISION] = status.stable.revision
    return ",".join(f"{label}={value}" for label, value in labels.items())


def _what_happens(status: Status) -> str:
    """Return the sentence that a user should read first: what is wrong, what is waited for, or what goes on."""
    stalled = _message(status.conditions, Type.STALLED, Truth.TRUE)
    held = "" if status.trial is None else status.trial.held
    urgent = dict.fromkeys(filter(None, (stalled, held)))
    calm = (_message(status.conditions, Type.RECONCILING, Truth.TRUE), _message(status.conditions, Type.READY, *Truth))
    return "; ".join(urgent) or next(filter(None, calm), "")


def _message(conditions: Iterable[Condition], kind: Type, *truths: Truth) -> str:
    return next((c.message for c in conditions if c.type is kind and c.status in truths), "")


def _can_be(trial: Trial) -> bool:
    """Say whether a trial is none that somebody else made up: arithmetic on its numbers has an end."""
    times = (trial.began, trial.stage_since, trial.step_since or trial.began, trial.stopped or trial.began)
    counts = (trial.step, trial.uncounted)
    return _are_real(*times) and all(0 <= count <= MOST for count in counts) and trial.stage in TRIAL_STAGES


def _are_real(*times: datetime) -> bool:
    return all(time.year >= EARLIEST_YEAR for time in times)


def _known(trial: Trial) -> Trial:
    """Leave out a reason of another version's: the next pass finds its own."""
    return trial if trial.held_reason in REASONS else replace(trial, held_reason="")


def _first(items: object, kind: type[T]) -> T | None:
    return next(iter(_readable(items, kind)), None)


def _readable(items: object, kind: type[T]) -> tuple[T, ...]:
    values = []
    for item in items if isinstance(items, list) else ():
        try:
            values.append(from_plain(kind, Reader("status", item)))
        except DocumentError:
            continue
    return tuple(values)
