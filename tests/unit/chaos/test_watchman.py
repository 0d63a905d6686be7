"""What the watchman makes of what he hears, and the callers of what the clients saw."""

from collections.abc import Mapping
from typing import Any

from tests.chaos.callers import Callers
from tests.chaos.journal import Journal
from tests.chaos.requests import MOST_OF_A_KILL
from tests.chaos.watchman import Watchman
from tests.system.kubectl import Commands
from tests.system.watching import Heard
from tests.unit.chaos.looks import MOMENT, deployment, look, ref

NAMESPACE = "chaos-a"
ENDED = {"version": "good-1", "revision": "old", "outcome": "Promoted", "message": "", "digest": ref("old")["digest"]}
BROKEN = look(stable=ref("old", "broken-1")).document


def heard(document: Mapping[str, Any], namespace: str = NAMESPACE, change: str = "MODIFIED") -> Heard:
    labels = {"seatrial.dev/revision": "old"}
    metadata = {**document.get("metadata", {}), "namespace": namespace, "labels": labels}
    return Heard(0.0, change, {**document, "metadata": metadata})


def watchman(commands: Commands, *, blind: bool = False) -> tuple[Watchman, Journal]:
    """Given a watchman who has heard of stable's Deployment."""
    journal = Journal(lambda _: None)
    made = Watchman(commands, [NAMESPACE], journal, lambda: blind)
    made.heard_of_deployment(heard(deployment(2)))
    return made, journal


def test_a_breach_is_noted_and_told_with_the_models_name(commands: Commands) -> None:
    made, journal = watchman(commands)
    made.heard_of_model(heard(BROKEN))
    assert len(made.breaches) == 1
    assert "chaos-a" in made.breaches[0]
    assert "BROKEN" in journal.lines[-1]


def test_what_is_right_is_no_breach(commands: Commands) -> None:
    made, _ = watchman(commands)
    made.heard_of_model(heard(look().document))
    assert made.breaches == []
    assert set(made.look(NAMESPACE).deployments) == {"old"}


def test_while_the_api_server_is_silent_nothing_is_a_breach(commands: Commands) -> None:
    made, _ = watchman(commands, blind=True)
    made.heard_of_model(heard(BROKEN))
    assert made.breaches == []


def test_other_peoples_models_are_none_of_his(commands: Commands) -> None:
    made, journal = watchman(commands)
    made.heard_of_model(heard(BROKEN, "somebody-else"))
    made.heard_of_deployment(heard(deployment(2), "somebody-else"))
    assert (made.breaches, journal.lines) == ([], [])


def test_a_deployment_that_goes_counts_no_more(commands: Commands) -> None:
    made, _ = watchman(commands)
    made.heard_of_model(heard(look().document))
    made.heard_of_deployment(heard({**deployment(2), "metadata": {"deletionTimestamp": MOMENT}}))
    assert made.look(NAMESPACE).deployments == {}
    made.heard_of_deployment(heard(deployment(2)))
    made.heard_of_deployment(heard(deployment(2), change="DELETED"))
    assert made.look(NAMESPACE).deployments == {}


def test_a_change_is_told_once_and_endings_are_kept_when_history_forgets_them(commands: Commands) -> None:
    made, journal = watchman(commands)
    for history in ([{**ENDED, "began": MOMENT, "ended": MOMENT}], [], []):
        made.heard_of_model(heard(look(history=history).document))
    assert len(journal.lines) == 2
    assert [one.version for one in made.endings] == ["good-1"]


def stats(*failures: tuple[float, str, str]) -> Mapping[str, Any]:
    return {"failures": list(failures), "failed": len(failures), "lost": 0}


def test_each_failed_request_is_looked_at_once() -> None:
    broken = list[str]()
    callers = Callers([], {NAMESPACE: [10.0]}, broken.append)
    bad, excused, wrong = (1.0, "broken-1", "500"), (10.5, "none", "503"), (20.0, "good-1", "500")
    callers.take(NAMESPACE, stats(bad, excused))
    assert broken == []
    callers.take(NAMESPACE, stats(bad, excused, wrong))
    callers.take(NAMESPACE, stats(bad, excused, wrong))
    assert len(broken) == 1
    assert "good-1" in broken[0]
    assert callers.caused_by_kills() == {NAMESPACE: {10.0: 1}}


def test_a_kill_that_costs_too_much_is_a_breach() -> None:
    broken = list[str]()
    callers = Callers([], {NAMESPACE: [10.0]}, broken.append)
    callers.take(NAMESPACE, stats(*((10.0 + n / 100, "none", "503") for n in range(MOST_OF_A_KILL + 1))))
    callers.check_kills()
    assert [str(MOST_OF_A_KILL + 1) in line for line in broken] == [True]


def test_failures_that_nobody_could_look_at_are_a_breach() -> None:
    broken = list[str]()
    Callers([], {}, broken.append).take(NAMESPACE, {"failures": [], "failed": 3, "lost": 0})
    assert len(broken) == 1
