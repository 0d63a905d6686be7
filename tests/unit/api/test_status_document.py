"""A status survives being written and read, and whatever stands in the document is no reason to fail."""

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.adapters.kube import MAXIMUM_PODS
from seatrial.api.conditions import Condition, Reason, Truth, Type
from seatrial.api.plain import MAXIMUM_TEXT, camel_case
from seatrial.api.status import (
    MAXIMUM_HISTORY,
    MAXIMUM_REJECTED,
    Ended,
    Finding,
    Probation,
    Rejected,
    RestartsLeftOut,
    Retiring,
    RevisionRef,
    Stage,
    Status,
    TrainingStatus,
    Trial,
)
from seatrial.api.status_document import MAXIMUM_FINDINGS, MAXIMUM_RETIRING, read_status, status_document
from tests.unit.api.schema import example, problems, schema

NOW = datetime(2026, 1, 5, 12, 0, 1, tzinfo=UTC)
STABLE = RevisionRef("aaaa", "1", "sha256:1")
CANDIDATE = RevisionRef("bbbb", "2", "sha256:2")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
times = st.datetimes(datetime(2000, 1, 1), datetime(9000, 1, 1)).map(  # noqa: DTZ001 - the zone follows
    lambda time: time.replace(microsecond=0, tzinfo=UTC)
)
revisions = st.builds(RevisionRef, texts, texts, texts)
trials = st.builds(
    Trial,
    candidate=revisions,
    stage=st.sampled_from([Stage.PREPARING, Stage.SHADOW, Stage.CANARY]),
    began=times,
    stage_since=times,
    step=st.integers(0, 20),
    step_since=st.none() | times,
    held=texts,
    held_reason=st.just("") | st.sampled_from(Reason).map(str),
)
outcomes = st.sampled_from(["Promoted", "RolledBack", "Superseded", "Aborted"])
conditions = st.lists(
    st.builds(Condition, st.sampled_from(Type), st.sampled_from(Truth), st.sampled_from(Reason), texts),
    unique_by=lambda condition: condition.type,
)


@st.composite
def statuses(draw: st.DrawFn) -> Status:
    """Any status that a decision may have made, with times in whole seconds."""
    held, trial = tuple(draw(conditions)), draw(st.none() | trials)
    return Status(
        observed_generation=draw(st.integers(0, 2**63 - 1)),
        replicas=draw(st.integers(0, 1000)),
        weight=0 if trial is None else draw(st.integers(0, 100)),
        stable=draw(st.none() | revisions),
        trial=trial,
        probation=draw(st.none() | st.builds(Probation, revisions, times, times)),
        findings=tuple(draw(st.lists(st.builds(Finding, texts, texts, texts), max_size=3))),
        rejected=tuple(draw(st.lists(st.builds(Rejected, texts, texts, times, texts), max_size=3))),
        history=tuple(draw(st.lists(st.builds(Ended, texts, texts, outcomes, times, times, texts), max_size=3))),
        retiring=tuple(draw(st.lists(st.builds(Retiring, texts, times), max_size=3))),
        training=draw(st.none() | st.builds(TrainingStatus, texts, texts, texts, times, texts, texts, texts, texts)),
        conditions=held,
        changed={condition.type: draw(times) for condition in held} or None,
    )


@given(statuses())
def test_what_was_written_is_read_back(status: Status) -> None:
    assert read_status(json.loads(json.dumps(status_document(status, "risk")))) == status


@given(statuses())
def test_what_is_written_obeys_the_schema(status: Status) -> None:
    document = example("minimal") | {"status": status_document(status, "risk")}
    assert problems(document) == []


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (RevisionRef, ("stable",)),
        (Trial, ("trial",)),
        (RevisionRef, ("trial", "candidate")),
        (Probation, ("probation",)),
        (RestartsLeftOut, ("trial", "restartsLeftOut")),
        (RestartsLeftOut, ("probation", "restartsLeftOut")),
        (Finding, ("findings", "items")),
        (Rejected, ("rejected", "items")),
        (Ended, ("history", "items")),
        (Retiring, ("retiring", "items")),
        (TrainingStatus, ("training",)),
    ],
)
def test_the_schema_has_just_the_fields_of_the_values(kind: Any, path: tuple[str, ...]) -> None:
    node = schema()["properties"]["status"]
    for name in path:
        node = node["items"] if name == "items" else node["properties"][name]
    assert list(node["properties"]) == [camel_case(field.name) for field in fields(kind)]


@pytest.mark.parametrize("compares", ["trial", "probation"])
def test_the_schema_has_room_for_all_pods_that_are_asked(compares: str) -> None:
    sides = schema()["properties"]["status"]["properties"][compares]["properties"]["restartsLeftOut"]["properties"]
    assert {side["maxProperties"] for side in sides.values()} == {MAXIMUM_PODS}


def test_the_schema_has_just_the_fields_of_the_status() -> None:
    written = {camel_case(field.name) for field in fields(Status)} - {"changed"}
    assert set(schema()["properties"]["status"]["properties"]) == written | {"selector", "stage", "message"}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner),
        max_leaves=10,
    )
)
def test_any_document_can_be_read(document: Any) -> None:
    assert isinstance(read_status(document), Status)


@given(statuses(), st.data())
def test_a_broken_part_costs_that_part_alone(status: Status, data: st.DataObject) -> None:
    document = status_document(status, "risk")
    field = data.draw(st.sampled_from(["stable", "trial", "probation", "findings", "rejected", "history", "training"]))
    document[field] = data.draw(st.sampled_from(["?", 7, [], {}, [{}], {"stage": "Idle"}, [None], True]))
    blank: Any = {field: () if field in ("findings", "rejected", "history") else None}
    blank |= {"weight": 0} if field == "trial" else {}
    assert read_status(document) == replace(status, **blank)


@pytest.mark.parametrize(
    "change",
    [
        {"stage": "Baking"},
        {"stage": "Idle"},
        {"stage": "Probation"},
        {"stageSince": "yesterday"},
        {"stageSince": "2026-01-05T12:00:00"},  # whose noon?
        {"began": "0001-01-01T00:00:00+23:59"},  # before the first year, in UTC
        {"step": -1},
        {"step": "1"},
        {"candidate": {"revision": "bbbb"}},
        {"restartsLeftOut": {"judged": {"pod-0": -1}}},
        {"restartsLeftOut": {"judged": {"pod-0": "1"}}},
        {"restartsLeftOut": {"control": 3}},
    ],
)
def test_a_trial_that_makes_no_sense_is_no_trial(change: dict[str, Any]) -> None:
    document = status_document(Status(trial=Trial(CANDIDATE, Stage.CANARY, NOW, NOW)), "risk")
    assert read_status(document).trial is not None
    document["trial"] |= change
    assert read_status(document) == Status()


@pytest.mark.parametrize("field", ["since", "referenceSince"])
def test_a_probation_of_no_time_that_could_be_is_none(field: str) -> None:
    document = status_document(Status(stable=CANDIDATE, probation=Probation(STABLE, NOW, NOW)), "risk")
    assert read_status(document).probation is not None
    document["probation"] |= {field: "0001-01-01T00:00:00+23:59"}
    assert read_status(document) == Status(stable=CANDIDATE)


@pytest.mark.parametrize("weight", [101, -1, "5", None, True])
def test_a_weight_that_makes_no_sense_is_none(weight: Any) -> None:
    document = status_document(Status(weight=5, trial=Trial(CANDIDATE, Stage.CANARY, NOW, NOW)), "risk")
    assert read_status(document).weight == 5
    assert read_status(document | {"weight": weight}).weight == 0


def test_restarts_are_written_by_pod_where_there_are_some() -> None:
    trial = Trial(CANDIDATE, Stage.CANARY, NOW, NOW)
    assert "restartsLeftOut" not in status_document(Status(trial=trial), "risk")["trial"]
    some = replace(trial, restarts_left_out=RestartsLeftOut(judged={"risk-bbbb-x": 2}))
    document = status_document(Status(trial=some), "risk")
    assert document["trial"]["restartsLeftOut"] == {"judged": {"risk-bbbb-x": 2}}
    assert read_status(document).trial == some


def test_what_only_another_version_knows_is_left_out() -> None:
    held = Trial(CANDIDATE, Stage.CANARY, NOW, NOW, held="waits", held_reason="Shiny")
    ended = Ended("2", "bbbb", "Mothballed", NOW, NOW, "so it was")
    status = read_status(status_document(Status(trial=held, history=(ended,)), "risk"))
    assert status.trial == replace(held, held_reason="")
    assert status.history == ()


def test_nothing_is_said_of_what_there_is_not() -> None:
    document = status_document(Status(), "risk")
    assert sorted(document) == ["conditions", "message", "observedGeneration", "replicas", "selector", "stage"]


def test_a_condition_of_a_newer_operator_is_left_out_and_the_others_stay() -> None:
    ready = Condition(Type.READY, Truth.TRUE, Reason.SERVING, "serves")
    document = status_document(Status(conditions=(ready,), changed={Type.READY: NOW}), "risk")
    document["conditions"] += [
        {**document["conditions"][0], "type": "Shiny"},
        {**document["conditions"][0], "type": "Drifted", "reason": "Unheard"},
    ]
    status = read_status(document)
    assert status.conditions == (ready,)
    assert status.changed == {Type.READY: NOW, Type.DRIFTED: NOW}


def test_times_are_whole_seconds_in_utc() -> None:
    berlin = timezone(timedelta(hours=1))
    moment = datetime(2026, 1, 5, 13, 0, 1, 999_999, tzinfo=berlin)
    document = status_document(Status(retiring=(Retiring("aaaa", moment),)), "risk")
    assert document["retiring"] == [{"revision": "aaaa", "since": "2026-01-05T12:00:01Z"}]
    document["retiring"][0]["since"] = "2026-01-05T13:00:01.5+01:00"
    assert read_status(document).retiring == (Retiring("aaaa", NOW),)


def test_a_status_is_bounded() -> None:
    long = "x" * 5000
    many = Status(
        findings=tuple(Finding(f"check-{i}", "Pass", long) for i in range(100)),
        rejected=tuple(Rejected(f"r{i}", "1", NOW, long) for i in range(100)),
        history=tuple(Ended("1", f"r{i}", "Promoted", NOW, NOW, long) for i in range(100)),
        retiring=tuple(Retiring(f"r{i}", NOW) for i in range(100)),
        conditions=tuple(Condition(kind, Truth.TRUE, Reason.SERVING, long) for kind in Type),
        changed=dict.fromkeys(Type, NOW),
    )
    document = status_document(many, "risk")
    assert problems(example("minimal") | {"status": document}) == []
    lengths = [len(document[name]) for name in ("findings", "rejected", "history", "retiring")]
    assert lengths == [MAXIMUM_FINDINGS, MAXIMUM_REJECTED, MAXIMUM_HISTORY, MAXIMUM_RETIRING]
    assert document["history"][-1]["revision"] == "r99"
    assert document["findings"][0]["message"] == "x" * (MAXIMUM_TEXT - 1) + "…"
    assert len(json.dumps(document)) < 100_000


def test_a_condition_without_its_time_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        status_document(Status(conditions=(Condition(Type.READY, Truth.TRUE, Reason.SERVING, ""),)), "risk")


def test_every_condition_is_about_the_generation() -> None:
    ready = Condition(Type.READY, Truth.TRUE, Reason.SERVING, "serves")
    document = status_document(Status(observed_generation=7, conditions=(ready,), changed={Type.READY: NOW}), "risk")
    assert document["observedGeneration"] == 7
    assert document["conditions"] == [
        {
            "type": "Ready",
            "status": "True",
            "reason": "Serving",
            "message": "serves",
            "lastTransitionTime": "2026-01-05T12:00:01Z",
            "observedGeneration": 7,
        }
    ]


def test_the_selector_is_of_the_pods_that_an_autoscaler_counts() -> None:
    everything = status_document(Status(), "risk")["selector"]
    assert everything == "seatrial.dev/model=risk,seatrial.dev/component=predictor"
    stable = status_document(Status(stable=STABLE, trial=Trial(CANDIDATE, Stage.CANARY, NOW, NOW)), "risk")["selector"]
    assert stable == f"{everything},seatrial.dev/revision=aaaa"


def condition(kind: Type, message: str, *, holds: bool = True) -> Condition:
    """A condition with a message."""
    return Condition(kind, Truth.TRUE if holds else Truth.FALSE, Reason.SERVING, message)


@pytest.mark.parametrize(
    ("held", "conditions", "message"),
    [
        ("", (), ""),
        ("", (condition(Type.READY, "serves"),), "serves"),
        ("", (condition(Type.READY, "does not serve", holds=False),), "does not serve"),
        ("", (condition(Type.READY, "serves"), condition(Type.RECONCILING, "canary at 5 %")), "canary at 5 %"),
        ("", (condition(Type.READY, "serves"), condition(Type.RECONCILING, "no", holds=False)), "serves"),
        ("waits for pods", (condition(Type.RECONCILING, "canary at 5 %"),), "waits for pods"),
        ("waits for pods", (condition(Type.STALLED, "S3 denied it"),), "S3 denied it; waits for pods"),
        ("paused", (condition(Type.STALLED, "paused"),), "paused"),
    ],
)
def test_the_message_is_what_a_user_should_read_first(
    held: str, conditions: tuple[Condition, ...], message: str
) -> None:
    trial = Trial(CANDIDATE, Stage.CANARY, NOW, NOW, held=held) if held else None
    changed = dict.fromkeys(Type, NOW)
    assert status_document(Status(trial=trial, conditions=conditions, changed=changed), "risk")["message"] == message
