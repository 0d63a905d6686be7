"""The story, act by act. Each act does what a person would do, and waits for what must come true."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.demo.director import Director, StoryError
from tests.demo.scene import Scene
from tests.demo.stagehand import Stagehand

RISKY = {
    "files_changed": 200,
    "environment": "prod",
    "time_of_day": 14,
    "team": "Platform",
    "previous_failures": 0,
}
SETTLE = 120.0  # seconds for pods to start on a busy machine
TRIAL = 300.0
TRAINING = 420.0
PAST_ROWS, NEW_ROWS = 10_000, 2_000
ENOUGH = 0.87  # the accuracy between what version 2 has in the changed world and what its successor must have


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that the acts use."""

    director: Director
    hand: Stagehand


def first_version(stage: Stage) -> None:
    """Version 1 is served from S3."""
    director, hand = stage.director, stage.hand
    director.now("version 1, a decision tree, is pushed to S3 and served")
    hand.shelf.push("1")
    hand.move_channel("1", "the first version")
    hand.apply_model()
    director.wait("version 1 serves", lambda s: s.condition("Ready").get("status") == "True", SETTLE)
    hand.client.start()
    director.wait("the client gets answers", lambda s: s.client.get("answered", 0) > 100, SETTLE)
    answer = hand.ask(RISKY)
    director.reached(
        "version 1 serves",
        f"{answer['prediction']} at {answer['confidence']:.0%}: {answer.get('recommendation')}",
    )
    check("the risky deployment comes out High", answer["prediction"] == "High", str(answer))
    check("its confidence is near 91 %", abs(answer["confidence"] - 0.91) <= 0.02, str(answer["confidence"]))
    check("it needs approval", answer.get("recommendation") == "Require approval from senior engineer", str(answer))


def better_version(stage: Stage) -> None:
    """Version 2 goes through shadow and canary and is promoted."""
    director, hand = stage.director, stage.hand
    director.now("version 2, a forest, is pushed; it goes on trial by itself")
    hand.shelf.push("2")
    hand.move_channel("2", "a better version")
    _trial(director, "2")
    director.wait("the probation of version 2 ends", lambda s: s.stage == "Idle" and s.stable == "2", TRIAL)
    director.reached("version 2's probation is over")


def bad_version(stage: Stage) -> None:
    """Version 3 is bad, and is rolled back with nobody touching it."""
    director, hand = stage.director, stage.hand
    director.now("version 3 is pushed: its training job had swapped two columns, and its own figures look fine")
    hand.shelf.push("3")
    hand.move_channel("3", "looks fine on its own test set")
    director.wait("version 3 goes on trial", lambda s: s.candidate == "3", SETTLE)
    scene = director.wait("version 3 is rolled back", lambda s: s.outcome("3") != "", TRIAL)
    check("version 3 is rolled back", scene.outcome("3") == "RolledBack", scene.outcome("3"))
    check("version 2 serves on", scene.stable == "2", scene.stable)
    director.reached("version 3 is rolled back", str(scene.status["history"][-1]["message"]))


def changed_world(stage: Stage) -> None:
    """The world drifts, an alert starts a training Job, and its model goes on trial and takes over."""
    director, hand = stage.director, stage.hand
    before, changed_at = director.scene.accuracy, director.elapsed
    director.now("the world changes: a new team deploys microservices, and version 2 is wrong more often")
    hand.client.change_world("changed", label_share=1.0)
    director.wait("drift is seen", _drifted, TRAINING)
    director.reached("drift is seen", _drift_words(director.scene))
    version = _training(stage)
    director.now(f"version {version}, trained on what was learnt, goes on trial by itself")
    _trial(director, version)
    low = director.lowest_accuracy(changed_at)
    check("accuracy fell", low is not None and low < ENOUGH, str(low))
    recovered = director.wait("accuracy recovers", lambda s: (s.accuracy or 0.0) >= ENOUGH, TRAINING)
    director.reached("accuracy recovers", _accuracies(before, low, recovered.accuracy))
    director.wait("what comes in is what the new version knows", _is_at_home, TRAINING)
    director.reached("drift is over", _drift_words(director.scene))


def _training(stage: Stage) -> str:
    """Follow the training that the alert starts, and return the version that it made."""
    director = stage.director
    director.wait("the alert starts a training Job", lambda s: bool(s.training.get("job")), TRAINING)
    director.reached("a training Job starts", str(director.scene.training.get("detail", "")))
    scene = director.wait("the training ends", lambda s: bool(s.training.get("outcome")), TRAINING)
    check("the training passes its gates", scene.training["outcome"] == "Passed", str(scene.training))
    version = str(scene.training["version"])
    rows = int(stage.hand.manifest(version)["data"]["rows"])
    check("it learnt from what came back", rows >= PAST_ROWS + NEW_ROWS, f"{rows} rows")
    learnt = f"{rows:,} rows, {rows - PAST_ROWS:,} of them answers whose truth came back"
    director.reached("the training passed its gates", f"{learnt}; {scene.training.get('message', '')}")
    return version


ACTS: tuple[Callable[[Stage], None], ...] = (first_version, better_version, bad_version, changed_world)


def check(what: str, holds: bool, found: str) -> None:
    """Raise StoryError where the story did not come true."""
    if not holds:
        raise StoryError(f"{what}: found {found}")


def _trial(director: Director, version: str) -> None:
    """Follow a trial to its promotion."""
    director.wait(f"version {version} is in shadow", lambda s: s.candidate == version and s.stage == "Shadow", SETTLE)
    director.reached(f"version {version} is in shadow", "it sees copies of the requests; nobody gets its answers")
    director.wait(f"version {version} is in canary", lambda s: _canary(s, version), TRIAL)
    director.reached(f"version {version} is in canary")
    director.wait(f"clients get version {version}", lambda s: s.seen_weights.get(version, 0.0) > 0, SETTLE)
    scene = director.wait(f"version {version} is promoted or not", lambda s: s.outcome(version) != "", TRIAL)
    check(f"version {version} is promoted", scene.outcome(version) == "Promoted", str(scene.status.get("history")))
    director.wait(f"clients get only version {version}", lambda s: s.seen_weights.get(version, 0.0) == 1.0, SETTLE)
    director.reached(f"version {version} is promoted", str(scene.status["history"][-1]["message"]))


def _canary(scene: Scene, version: str) -> bool:
    return (scene.candidate == version and scene.stage == "Canary") or scene.outcome(version) == "Promoted"


def _drifted(scene: Scene) -> bool:
    return scene.condition("Drifted").get("status") == "True"


def _is_at_home(scene: Scene) -> bool:
    return not _drifted(scene) and bool(scene.drift) and scene.drift[0].psi < 0.1


def _drift_words(scene: Scene) -> str:
    return " · ".join(f"{one.feature} PSI {max(0.0, one.psi):.2f}" for one in scene.drift[:3])


def _accuracies(before: float | None, low: float | None, after: float | None) -> str:
    shown = ["unknown" if value is None else f"{value:.1%}" for value in (before, low, after)]
    return f"{shown[0]} before the change, {shown[1]} at its lowest, {shown[2]} now"
