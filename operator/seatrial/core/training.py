"""When to train: exactly one Job for a reason and a cooldown, whatever crashes."""

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta

from seatrial.api.spec import OnSuccess, Spec, Training
from seatrial.api.status import RevisionRef, Status, TrainingStatus
from seatrial.contract import labels
from seatrial.contract.canonical import digest_of
from seatrial.contract.reading import DocumentError
from seatrial.contract.training import FAILED, Candidate, Gates, Request, parse_answer
from seatrial.core.observed import Job, JobPhase, Observed, Unknown

DEFAULT_CHANNEL = "latest"
TOKEN, DRIFT, ACCURACY = "token", "drift", "accuracy"
# A Job that is gone this long after it must have ended was removed before anybody read its answer.
LOST_AFTER = timedelta(hours=1)
LONGEST_NAME, LONGEST_TOKEN = 63, 63  # characters: a Job's name is a label of its pods


def next_training(observed: Observed, spec: Spec, status: Status, now: datetime) -> Status:
    """Return the status with the training that ended, or the one that a trigger asks for now."""
    if spec.training is None:
        return status
    if status.training is not None and not status.training.outcome:
        return replace(status, training=_watch(observed, spec.training, status.training, now))
    trigger = _trigger(observed, spec.training, status)
    if status.stable is None or trigger is None or not _may_start(observed, spec.training, status, trigger, now):
        return status
    return replace(status, training=_begin(observed, spec.training, status.stable, trigger, now))


def request(observed: Observed, spec: Spec, status: Status) -> Request | None:
    """Return what a new Job is asked to do; None where none is due or it is there already (a Job cannot be changed)."""
    training, running = spec.training, status.training
    if training is None or running is None or running.outcome or running.job in observed.jobs:
        return None
    train, validation, test = training.split
    latency = training.gates.latency_p99.total_seconds() if training.gates.latency_p99 is not None else None
    return Request(
        job=running.job,
        trigger=running.trigger,
        detail=running.detail,
        dataset=training.dataset,
        target=training.target,
        candidates=tuple(Candidate(estimator, grid) for estimator, grid in training.candidates),
        serving_version=status.stable.version if status.stable is not None else "",
        serving_digest=status.stable.digest if status.stable is not None else "",
        include_feedback=training.include_feedback,
        split={"train": train, "validation": validation, "test": test},
        split_by=training.split_by,
        cross_validation=training.cross_validation,
        metric=training.metric,
        seed=training.seed,
        gates=Gates(training.gates.minimum, training.gates.margin, latency),
        channel=_channel(spec, training),
    )


def _channel(spec: Spec, training: Training) -> str:
    return (spec.model.channel or DEFAULT_CHANNEL) if training.on_success is OnSuccess.ROLLOUT else ""


def _watch(observed: Observed, training: Training, running: TrainingStatus, now: datetime) -> TrainingStatus:
    job = observed.jobs.get(running.job)
    if job is None:
        longest = training.job.active_deadline + LOST_AFTER
        lost = now - running.started > longest
        return replace(running, outcome=FAILED, message="its Job is gone, and left no answer") if lost else running
    return running if job.phase is JobPhase.RUNNING else _ended(running, job)


def _ended(running: TrainingStatus, job: Job) -> TrainingStatus:
    if job.answer is None:
        return replace(running, outcome=FAILED, message="the Job ended without an answer; see its pod's log")
    try:
        answer = parse_answer(job.answer)
    except DocumentError as error:
        return replace(running, outcome=FAILED, message=f"the Job's answer cannot be read: {error}")
    return replace(running, outcome=answer.outcome, version=answer.version, message=answer.message)


def _trigger(observed: Observed, training: Training, status: Status) -> tuple[str, str] | None:
    """Return why to train, as (trigger, detail): a person first, then alerts about what serves now."""
    token = _token(observed)
    if token and (status.training is None or status.training.token != token):
        return TOKEN, token
    if isinstance(observed.alerts, Unknown) or status.stable is None:
        return None
    asked = {reason for reason, on in ((DRIFT, training.on_drift), (ACCURACY, training.on_accuracy)) if on}
    for alert in observed.alerts:
        if alert.reason in asked and alert.revision == status.stable.revision:
            return alert.reason, alert.detail
    return None


def _token(observed: Observed) -> str:
    """Return the token of a person's request; a long one by its digest, because status would keep only a part."""
    token = observed.annotations.get(labels.TRAIN, "")
    return token if len(token) <= LONGEST_TOKEN else digest_of(token.encode())


def _may_start(observed: Observed, training: Training, status: Status, trigger: tuple[str, str], now: datetime) -> bool:
    """Neither a trial nor a Job that still runs is disturbed; a cooldown is waited for, unless a person asks."""
    if status.trial is not None or any(job.phase is JobPhase.RUNNING for job in observed.jobs.values()):
        return False
    last = status.training
    return last is None or trigger[0] == TOKEN or now - last.started >= training.cooldown


def _begin(
    observed: Observed, training: Training, stable: RevisionRef, trigger: tuple[str, str], now: datetime
) -> TrainingStatus:
    why, detail = trigger
    last = observed.status.training
    epoch = detail if why == TOKEN else str(int(now.timestamp() // max(1.0, training.cooldown.total_seconds())))
    identity = "/".join((observed.uid, stable.revision, why, epoch))
    job = _job_name(observed.key.name, hashlib.sha256(identity.encode()).hexdigest()[:8])
    token = detail if why == TOKEN else (last.token if last is not None else "")
    return TrainingStatus(job, why, detail, now, token=token)


def _job_name(name: str, identity: str) -> str:
    """Return the Job's name: its identity is the hash, so that the object's own name may be cut."""
    rest = f"-train-{identity}"
    return name[: LONGEST_NAME - len(rest)].rstrip("-") + rest
