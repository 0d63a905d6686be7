"""What pods say of themselves, in the kubelet's or the container's words."""

from typing import Any

import pytest

from seatrial.adapters.kube_pods import last_termination_message, restarts_of, trouble_of
from seatrial.ports import Restarts


def pod(*containers: dict[str, Any], conditions: Any = (), init: Any = (), **metadata: Any) -> dict[str, Any]:
    status = {"containerStatuses": list(containers), "conditions": list(conditions), "initContainerStatuses": init}
    return {"metadata": {"name": "risk-1", **metadata}, "status": status}


def ended(message: str = "", code: int = 1, at: str = "2026-01-05T12:00:00Z") -> dict[str, Any]:
    return {"terminated": {"exitCode": code, "reason": "Error", "message": message, "finishedAt": at}}


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    return {"waiting": {"reason": reason, "message": message}}


IMAGE = {"state": waiting("ImagePullBackOff", "no such image")}
CRASHED = {"state": waiting("CrashLoopBackOff", "back-off 10s"), "lastState": ended("refused: digest differs")}
SILENT = {"state": waiting("CrashLoopBackOff", "back-off 10s"), "lastState": ended(code=137)}


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (pod(IMAGE), "ImagePullBackOff: no such image"),
        (pod(CRASHED), "CrashLoopBackOff: refused: digest differs"),
        (pod(SILENT), "CrashLoopBackOff: the container ended with exit code 137 (Error)"),
        (pod({"state": waiting("ContainerCreating")}), ""),
        (
            pod({"state": waiting("CreateContainerConfigError", 'secret "s3" not found')}),
            "CreateContainerConfigError: s",
        ),
        (pod({"state": ended("refused: not there")}), "Error: refused: not there"),
        (pod({"state": ended(code=0)}), ""),
        (pod({"state": {"running": {}}, "ready": True, "restartCount": 2, "lastState": ended("once")}), ""),
        (
            pod({"state": {"running": {}}, "ready": False, "restartCount": 2, "lastState": ended("no bucket")}),
            "Restart",
        ),
        (pod({"state": {"running": {}}, "ready": False}), ""),
        (pod(init=[IMAGE]), "ImagePullBackOff: no such image"),
        (pod(), ""),
        (pod(IMAGE, deletionTimestamp="2026-01-05T12:00:00Z"), ""),
        ({"metadata": {"name": "fresh"}}, ""),
    ],
)
def test_trouble(found: dict[str, Any], words: str) -> None:
    trouble = trouble_of([found])
    assert trouble.startswith(words)
    assert bool(trouble) == bool(words)


def test_a_pod_that_finds_no_node() -> None:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes"}
    assert trouble_of([pod(conditions=[condition])]) == "Unschedulable: 0/3 nodes"
    assert trouble_of([pod(conditions=[{**condition, "status": "True"}])]) == ""


def test_each_trouble_is_told_once_and_not_too_many() -> None:
    assert trouble_of([pod(IMAGE)] * 20) == "ImagePullBackOff: no such image"
    many = [pod({"state": waiting(f"Reason{number}", "x" * 5000)}) for number in range(9)]
    assert trouble_of(many).count("Reason") == 3
    assert len(trouble_of(many)) < 2000


def test_a_running_pod_that_restarts_says_what_it_left_behind() -> None:
    restarted = {"state": {"running": {}}, "ready": False, "restartCount": 2, "lastState": ended("no such bucket")}
    assert trouble_of([pod(restarted)]) == "Restarted 2 times: no such bucket"


def test_the_message_of_the_container_that_ended_last() -> None:
    first, last = ended("first", at="2026-01-05T11:00:00Z"), ended("last", at="2026-01-05T12:00:00Z")
    assert last_termination_message([pod({"state": last}), pod({"state": first})]) == "last"
    assert last_termination_message([pod({"state": {"running": {}}, "lastState": first})]) == "first"


@pytest.mark.parametrize("pods", [[], [pod()], [pod({"state": {"running": {}}})], [pod({"state": ended("")})]])
def test_no_message(pods: list[dict[str, Any]]) -> None:
    assert last_termination_message(pods) is None


AGAIN = {"name": "predictor", "ready": True, "restartCount": 2, "lastState": ended("", 137)}
LATER = {"name": "predictor", "restartCount": 1, "lastState": ended(code=139, at="2026-01-05T13:00:00Z")}
AWAY = {"name": "predictor", "restartCount": 4, "lastState": ended("S3 is away", at="2026-01-05T14:00:00Z")}


def test_restarts_are_counted_over_all_pods_and_the_last_one_is_told() -> None:
    third = pod({"name": "predictor", "restartCount": 0}, name="c")
    found = restarts_of([pod(AGAIN, name="a"), pod(LATER, name="b"), third])
    assert found == Restarts({"a": 2, "b": 1, "c": 0}, ending="exit code 139 (Error)")


def test_a_container_that_said_why_it_could_not_start_is_told_from_one_that_had_run() -> None:
    found = restarts_of([pod(AGAIN, name="a"), pod(AWAY, name="b")])
    assert found == Restarts({"a": 2, "b": 4}, frozenset("b"), "exit code 137 (Error)")
    assert restarts_of([pod(AWAY)]) == Restarts({"risk-1": 4}, frozenset({"risk-1"}))


@pytest.mark.parametrize("found", [pod(), pod({**AGAIN, "name": "istio-proxy"}), {"metadata": {}}])
def test_nothing_was_restarted(found: dict[str, Any]) -> None:
    assert restarts_of([found]) == Restarts()


def test_a_restart_of_which_nothing_is_left() -> None:
    assert restarts_of([pod({"name": "predictor", "restartCount": 4})]) == Restarts({"risk-1": 4})


def test_a_pod_that_is_about_to_go_is_one_no_more() -> None:
    assert restarts_of([pod(AGAIN, name="a"), pod(LATER, name="b", deletionTimestamp="2026-01-05")]).by_pod == {"a": 2}
