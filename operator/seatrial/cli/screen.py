"""What `seatrial status` shows, line by line. Pure: a ModelDeployment and the time in, lines out."""

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from seatrial.api.conditions import Truth, Type
from seatrial.api.quantities import format_duration, how_many
from seatrial.api.status import Ended, Finding, Probation, Stage, Trial
from seatrial.cli.advice import advice
from seatrial.cli.model_deployment import ModelDeployment, named
from seatrial.cli.summary import share, waits_for
from seatrial.core.judging import ALPHA
from seatrial.judge.verdict import one_line

ENDED_SHOWN = 3
_LONGEST_ENDING = 160  # characters
_TRACK = (Stage.PREPARING, Stage.SHADOW, Stage.CANARY, Stage.PROBATION)
_VERDICTS = {"Pass": "green", "Fail": "bold red", "Inconclusive": "yellow"}
# What each of these conditions says where nobody has to be told of it.
_CALM = {
    Type.READY: Truth.TRUE,
    Type.STALLED: Truth.FALSE,
    Type.ARTIFACT_VERIFIED: Truth.TRUE,
    Type.ROUTE_READY: Truth.TRUE,
    Type.DRIFTED: Truth.FALSE,
    Type.ACCURACY_MET: Truth.TRUE,
    Type.TRAINING_SUCCEEDED: Truth.TRUE,
    Type.UPDATE_AVAILABLE: Truth.FALSE,
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line: what it is about (empty: the same as the one above), what is so, and its style on a terminal."""

    label: str
    text: str
    style: str = ""


def screen(model: ModelDeployment, now: datetime) -> tuple[Line, ...]:
    """Return all that a person wants to know of a ModelDeployment at a moment."""
    status = model.status
    wants = f"version {model.wanted}" if model.wanted is not None else f"channel {model.channel}"
    pods = f", on {how_many(status.replicas, 'pod')}"
    return (
        Line("model", f"{model.namespace}/{model.name}, wants {wants}", "bold"),
        Line("serves", named(status.stable) + pods if status.stable is not None else "nothing yet"),
        *(_on_trial(model, status.trial, now) if status.trial is not None else ()),
        *(_in_probation(model, status.probation, now) if status.probation is not None else ()),
        *_labelled("checks", map(_check, status.findings)),
        *((Line("alpha left", f"{status.alpha_left} of {ALPHA}"),) if status.alpha_left else ()),
        *_labelled("conditions", _unusual(model)),
        *_labelled("before", map(_ended, reversed(status.history[-ENDED_SHOWN:]))),
        *_labelled("next", ((text, "bold") for text in advice(model))),
    )


def _on_trial(model: ModelDeployment, trial: Trial, now: datetime) -> Iterator[Line]:
    yield Line("trial", f"{named(trial.candidate)}, for {format_duration(now - trial.began)}")
    yield Line("stage", " › ".join(f"[{stage}]" if stage is trial.stage else stage for stage in _track(model, trial)))
    if trial.stage is Stage.CANARY:
        yield Line("step", f"{_steps(model, trial)}, {_step_time(model, trial, now)}")
        yield Line("traffic", _traffic(model, trial), "cyan")
    yield Line("now", waits_for(model), "bold yellow" if model.held_reason else "")


def _track(model: ModelDeployment, trial: Trial) -> Iterator[Stage]:
    """Yield the stages that the trial has, without those that the spec leaves out."""
    left_out = {Stage.SHADOW: not model.shadowed, Stage.CANARY: not model.steps}
    return (stage for stage in _TRACK if stage is trial.stage or not left_out.get(stage, False))


def _in_probation(model: ModelDeployment, probation: Probation, now: datetime) -> Iterator[Line]:
    lasts = " of ".join(filter(None, (format_duration(now - probation.since), model.probation)))
    yield Line("probation", f"for {lasts}; {named(probation.previous)} stays warm")


def _steps(model: ModelDeployment, trial: Trial) -> str:
    words = [f"{step.weight} %{' (approval)' if step.approval else ''}" for step in model.steps] + ["all"]
    current = min(trial.step, len(model.steps))
    return " › ".join(f"[{word}]" if index == current else word for index, word in enumerate(words))


def _step_time(model: ModelDeployment, trial: Trial, now: datetime) -> str:
    if trial.step >= len(model.steps):
        return "scales up to take over"
    return "not in effect yet" if trial.step_since is None else f"for {format_duration(now - trial.step_since)}"


def _traffic(model: ModelDeployment, trial: Trial) -> str:
    stable = model.status.stable
    theirs = f"version {stable.version} {share(model, of_stable=True)}, " if stable is not None else ""
    said = f"{theirs}version {trial.candidate.version} {share(model)}"
    return said if model.routed else f"{said}, by pods: spec.route is not set"


def _check(found: Finding) -> tuple[str, str]:
    return one_line(found.check, found.verdict, found.message), _VERDICTS.get(found.verdict, "")


def _unusual(model: ModelDeployment) -> Iterator[tuple[str, str]]:
    """Yield the conditions that somebody should know of, but for what the trial says already."""
    held = model.status.trial.held if model.status.trial is not None else ""
    for one in model.status.conditions:
        if one.status not in (_CALM.get(one.type, one.status), Truth.UNKNOWN) and one.message != held:
            yield f"{one.type} is {one.status} ({one.reason}): {one.message}", "yellow"


def _ended(one: Ended) -> tuple[str, str]:
    message = textwrap.shorten(one.message, _LONGEST_ENDING, placeholder=" …")
    return f"version {one.version} {one.outcome} at {one.ended:%Y-%m-%d %H:%M} UTC: {message}", "dim"


def _labelled(label: str, texts: Iterable[tuple[str, str]]) -> Iterator[Line]:
    """Yield lines of texts with their styles, of which the first alone says what they are about."""
    for index, (text, style) in enumerate(texts):
        yield Line("" if index else label, text, style)
