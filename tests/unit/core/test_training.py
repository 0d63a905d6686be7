"""When to train: exactly one Job for a reason and a cooldown, whatever crashes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrial.api.spec import Spec
from seatrial.api.status import Stage, TrainingStatus
from seatrial.contract import labels
from seatrial.contract.training import MAXIMUM_ANSWER, Answer, Candidate, Gates, parse_request
from seatrial.core.decide import decide
from seatrial.core.observed import Alert, Job, JobPhase, Observed
from seatrial.core.training import next_training, request
from seatrial.ports import Key
from tests.given import MINUTE, NOW, TRAINING, UNKNOWN, observed, on_trial, ref, serving, spec
from tests.unit.core.carried_out import carried_out

HOUR = timedelta(hours=1)
ONE = ref("1").revision
TRAINS = spec(training={**TRAINING, "includeFeedback": False, "cooldown": "6h"})
DRIFT = Alert("SeatrialDrift", "drift", "SeatrialDrift of team over 1h", ref("1", TRAINS).revision)
ACCURACY = replace(DRIFT, name="SeatrialAccuracy", reason="accuracy", detail="SeatrialAccuracy over 24h")
PASSED = Answer("Passed", "8", "accuracy 0.91").encode()


def world(of: Spec = TRAINS, training: TrainingStatus | None = None, **changes: Any) -> Observed:
    found = serving("1", of=of, **changes)
    return replace(found, status=replace(found.status, training=training))


def after(found: Observed, now: datetime = NOW) -> TrainingStatus | None:
    assert isinstance(found.spec, Spec)
    return next_training(found, found.spec, found.status, now).training


def trains(**changes: Any) -> Spec:
    return spec(training={**TRAINING, "includeFeedback": False, **changes})


def asked(**annotations: str) -> Mapping[str, str]:
    return {labels.TRAIN: annotations["token"]}


def ran(ago: timedelta, *, outcome: str = "Passed", token: str = "") -> TrainingStatus:
    return TrainingStatus("risk-train-1", "drift", "PSI", NOW - ago, outcome=outcome, token=token)


# Triggers


@pytest.mark.parametrize(
    ("changes", "trigger"),
    [
        ({}, None),
        ({"alerts": (DRIFT,)}, ("drift", DRIFT.detail)),
        ({"alerts": (ACCURACY,)}, ("accuracy", ACCURACY.detail)),
        ({"alerts": (ACCURACY, DRIFT)}, ("accuracy", ACCURACY.detail)),  # the first that is asked for
        ({"alerts": (replace(DRIFT, revision="another"),)}, None),  # about what no longer serves
        ({"alerts": (replace(DRIFT, reason="latency"),)}, None),
        ({"alerts": UNKNOWN}, None),
        ({"annotations": asked(token="please")}, ("token", "please")),
        ({"annotations": asked(token="please"), "alerts": UNKNOWN}, ("token", "please")),
        ({"annotations": asked(token="please"), "alerts": (DRIFT,)}, ("token", "please")),
        ({"annotations": asked(token="")}, None),
    ],
)
def test_what_starts_a_training(changes: dict[str, Any], trigger: tuple[str, str] | None) -> None:
    found = after(world(**changes))
    assert (None if found is None else (found.trigger, found.detail)) == trigger


@pytest.mark.parametrize(
    ("triggers", "alert", "starts"),
    [
        ({"drift": False}, DRIFT, False),
        ({"drift": False}, ACCURACY, True),
        ({"accuracy": False}, ACCURACY, False),
    ],
)
def test_a_trigger_may_be_turned_off(triggers: dict[str, bool], alert: Alert, starts: bool) -> None:
    assert (after(world(trains(triggers=triggers), alerts=(alert,))) is not None) is starts


def test_without_the_section_nothing_trains() -> None:
    assert after(world(spec(), alerts=(replace(DRIFT, revision=ONE),), annotations=asked(token="x"))) is None


def test_before_something_serves_nothing_trains() -> None:
    assert after(observed(of=TRAINS, annotations=asked(token="x"), alerts=(DRIFT,))) is None


@pytest.mark.parametrize("annotations", [{}, asked(token="x")])
def test_a_trial_is_not_disturbed(annotations: Mapping[str, str]) -> None:
    found = on_trial(Stage.CANARY, of=TRAINS, world={"alerts": (DRIFT,), "annotations": annotations})
    assert after(found) is None


@pytest.mark.parametrize(("phase", "starts"), [(JobPhase.RUNNING, False), (JobPhase.SUCCEEDED, True)])
def test_a_job_that_a_lost_status_knew_is_not_disturbed(phase: JobPhase, starts: bool) -> None:
    found = after(world(alerts=(DRIFT,), jobs={"risk-train-0": Job(phase)}))
    assert (found is not None) is starts


# Cooldown


@pytest.mark.parametrize(
    ("ago", "trigger", "starts"),
    [
        (5 * HOUR, {"alerts": (DRIFT,)}, False),
        (5 * HOUR, {"alerts": (ACCURACY,)}, False),  # it is the same model's
        (6 * HOUR, {"alerts": (DRIFT,)}, True),
        (-HOUR, {"alerts": (DRIFT,)}, False),  # the clock went back
        (MINUTE, {"annotations": asked(token="now")}, True),  # a person may
    ],
)
def test_a_cooldown_is_waited_for_unless_a_person_asks(ago: timedelta, trigger: dict[str, Any], starts: bool) -> None:
    found = after(world(training=ran(ago), **trigger))
    assert found is not None
    assert (found.job != "risk-train-1") is starts


def test_a_token_is_acted_on_once() -> None:
    before = ran(30 * HOUR, token="please")
    assert after(world(training=before, annotations=asked(token="please"))) == before
    found = after(world(training=before, annotations=asked(token="again")))
    assert found is not None
    assert (found.trigger, found.token) == ("token", "again")


def test_a_token_is_remembered_over_other_trainings() -> None:
    found = after(world(training=ran(30 * HOUR, token="please"), alerts=(DRIFT,), annotations=asked(token="please")))
    assert found is not None
    assert (found.trigger, found.token) == ("drift", "please")


@pytest.mark.parametrize("token", ["x" * 64, "x" * 5000, "ü" * 2000])
def test_a_token_of_any_length_is_acted_on_once(token: str) -> None:
    """Status keeps 1,024 characters of a text: compared with that, a longer token would be new for ever."""
    found = world(annotations=asked(token=token))
    started = decided(found)
    assert started.status.training is not None
    ended = replace(started, jobs={started.status.training.job: Job(JobPhase.SUCCEEDED, PASSED)})
    done = decided(ended)
    assert done.status.training is not None
    assert done.status.training.outcome == "Passed"
    assert decided(done).status.training == done.status.training


def decided(found: Observed) -> Observed:
    return carried_out(found, decide(found, NOW))


# The Job's name


def name(found: Observed, now: datetime = NOW) -> str:
    started = after(found, now)
    assert started is not None
    return started.job


def test_the_same_reason_in_the_same_cooldown_has_the_same_name() -> None:
    epoch = datetime.fromtimestamp(NOW.timestamp() // (6 * 3600) * 6 * 3600, tz=NOW.tzinfo)
    first, last = epoch, epoch + 6 * HOUR - timedelta(seconds=1)
    found = world(alerts=(DRIFT,))
    assert name(found, first) == name(found, last) != name(found, last + timedelta(seconds=1))


@pytest.mark.parametrize(
    "other",
    [
        world(alerts=(ACCURACY,)),
        world(alerts=(DRIFT,), uid="made again"),
        world(annotations=asked(token="x")),
        world(of=(again := trains(cooldown="6h", seed=1)), alerts=(replace(DRIFT, revision=ref("2", again).revision),)),
    ],
)
def test_another_reason_object_or_request_has_another_name(other: Observed) -> None:
    if isinstance(other.spec, Spec) and other.spec is again:
        other = replace(other, status=replace(other.status, stable=ref("2", again)))
    assert name(other) != name(world(alerts=(DRIFT,)))


@settings(max_examples=40)
@given(st.from_regex(r"[a-z]([-a-z0-9]{0,48}[a-z0-9])?", fullmatch=True))
def test_every_name_fits_into_a_label(of: str) -> None:
    found = name(replace(world(alerts=(DRIFT,)), key=Key("ml", of)))
    assert len(found) <= 63
    assert found.startswith(of[:48].rstrip("-"))
    assert "--train-" not in found


# While it runs, and when it ends


@pytest.mark.parametrize(
    ("job", "outcome", "message"),
    [
        (Job(JobPhase.RUNNING), "", ""),
        (Job(JobPhase.SUCCEEDED, PASSED), "Passed", "accuracy 0.91"),
        (Job(JobPhase.SUCCEEDED, Answer("Rejected", "8", "below 0.85").encode()), "Rejected", "below 0.85"),
        (Job(JobPhase.FAILED, Answer("Failed", "", "no such dataset").encode()), "Failed", "no such dataset"),
        (Job(JobPhase.FAILED), "Failed", "the Job ended without an answer; see its pod's log"),
        (Job(JobPhase.SUCCEEDED, "OOM"), "Failed", "the Job's answer cannot be read: "),
        (Job(JobPhase.SUCCEEDED, PASSED.replace("Passed", "Great")), "Failed", "the Job's answer cannot be read: "),
    ],
)
def test_how_a_training_ends(job: Job, outcome: str, message: str) -> None:
    found = after(world(training=ran(HOUR, outcome=""), jobs={"risk-train-1": job}))
    assert found is not None
    assert found.outcome == outcome
    assert found.message.startswith(message)
    assert found.version == ("8" if outcome in ("Passed", "Rejected") else "")


def test_one_training_at_a_time() -> None:
    running = ran(30 * HOUR, outcome="")
    found = world(training=running, jobs={running.job: Job(JobPhase.RUNNING)}, alerts=(DRIFT,))
    assert after(replace(found, annotations=asked(token="now"))) == running


@pytest.mark.parametrize(("ago", "outcome"), [(2 * HOUR, ""), (3 * HOUR, ""), (3 * HOUR + MINUTE, "Failed")])
def test_a_job_that_is_gone_is_given_up_once_it_must_have_ended(ago: timedelta, outcome: str) -> None:
    found = after(world(training=ran(ago, outcome="")))
    assert found is not None
    assert found.outcome == outcome


# What the Job is asked for


def test_what_the_job_is_asked_for() -> None:
    made = spec(
        training={
            **TRAINING,
            "split": {"train": "0.8", "validation": "0.1", "test": "0.1", "by": "Random"},
            "crossValidation": 3,
            "metric": "f1",
            "seed": 7,
            "gates": {"minimum": "0.85", "margin": "0.01", "latencyP99": "20ms"},
        }
    )
    found = world(made, training=ran(MINUTE, outcome=""))
    assert isinstance(found.spec, Spec)
    asked_for = request(found, found.spec, found.status)
    assert asked_for is not None
    assert parse_request(asked_for.encode()) == asked_for
    assert asked_for.candidates == (Candidate("sklearn.tree.DecisionTreeClassifier", {"max_depth": (5, 10)}),)
    assert asked_for.gates == Gates(0.85, 0.01, 0.02)
    assert (asked_for.job, asked_for.trigger, asked_for.detail) == ("risk-train-1", "drift", "PSI")
    assert (asked_for.dataset, asked_for.target) == ("s3://models/risk/train.parquet", "risk_level")
    assert dict(asked_for.split) == {"train": 0.8, "validation": 0.1, "test": 0.1}
    assert (asked_for.split_by, asked_for.cross_validation, asked_for.metric, asked_for.seed) == ("Random", 3, "f1", 7)
    assert asked_for.serving_digest == ref("1").digest
    assert (asked_for.serving_version, asked_for.include_feedback, asked_for.channel) == ("1", True, "latest")


@pytest.mark.parametrize(
    ("of", "channel"),
    [
        (trains(), "latest"),
        (spec(version="1", training=TRAINING), "latest"),  # Git decides; the channel only proposes
        (trains(onSuccess="Propose"), ""),
    ],
)
def test_which_channel_a_passed_model_moves(of: Spec, channel: str) -> None:
    found = world(of, training=ran(MINUTE, outcome=""))
    asked_for = request(found, of, found.status)
    assert asked_for is not None
    assert asked_for.channel == channel


@pytest.mark.parametrize(
    ("training", "jobs", "of"),
    [
        (None, {}, TRAINS),
        (ran(MINUTE), {}, TRAINS),
        (ran(MINUTE, outcome=""), {"risk-train-1": Job(JobPhase.RUNNING)}, TRAINS),
        (ran(MINUTE, outcome=""), {}, spec()),
    ],
    ids=["none", "ended", "is there", "no section"],
)
def test_no_job_is_due(training: TrainingStatus | None, jobs: dict[str, Job], of: Spec) -> None:
    found = world(of, training, jobs=jobs)
    assert request(found, of, found.status) is None


def test_a_long_answer_is_read() -> None:
    answer = Answer("Rejected", "8", "x" * 2 * MAXIMUM_ANSWER).encode()
    found = after(world(training=ran(HOUR, outcome=""), jobs={"risk-train-1": Job(JobPhase.SUCCEEDED, answer)}))
    assert found is not None
    assert found.outcome == "Rejected"


def test_status_is_all_that_is_needed_to_go_on() -> None:
    """Killed right after its status was written, the operator asks for the very same Job."""
    started = decided(world(alerts=(DRIFT,)))
    again = replace(started, jobs={})
    assert isinstance(again.spec, Spec)
    asked_for = request(again, again.spec, again.status)
    assert asked_for is not None
    assert {asked_for.job} == set(started.jobs)
