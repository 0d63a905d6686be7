"""What pods say about themselves: why they do not run, how often they ended, and what they left behind."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from seatrial.api.quantities import how_many
from seatrial.contract.labels import PREDICTOR
from seatrial.ports import PodsSeen, Restarts

Pod = Mapping[str, Any]

_STARTING = ("ContainerCreating", "PodInitializing")  # waiting for these is no trouble
_MAXIMUM_TROUBLES = 3
_MAXIMUM_MESSAGE = 600  # characters


def seen_of(pods: Sequence[Pod]) -> PodsSeen:
    """Return all that pods say while they run, or should."""
    return PodsSeen(trouble_of(pods), restarts_of(pods))


def restarts_of(pods: Sequence[Pod]) -> Restarts:
    """Return how often predictors were restarted; other containers in their pods are somebody else's.

    One that cannot start leaves a word, by which it is told from one that ended while it ran. Pods that are about to go
    are left out: others are in their places.
    """
    there = [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]
    found = {pod["metadata"]["name"]: c for pod in there for c in _containers(pod) if c.get("name") == PREDICTOR}
    last = {name: container.get("lastState", {}).get("terminated") or {} for name, container in found.items()}
    ran = [ended for ended in last.values() if ended.get("finishedAt") and not ended.get("message")]
    newest = max(ran, key=lambda ended: str(ended["finishedAt"]), default=None)
    return Restarts(
        by_pod={name: container.get("restartCount", 0) for name, container in found.items()},
        at_start=frozenset(name for name, ended in last.items() if ended.get("message")),
        ending="" if newest is None else _exit(newest),
    )


def trouble_of(pods: Sequence[Pod]) -> str:
    """Return why pods are not ready, each reason once, in the kubelet's or the container's own words."""
    found = dict.fromkeys(trouble for pod in pods for trouble in _troubles(pod))
    return "; ".join(list(found)[:_MAXIMUM_TROUBLES])


def last_termination_message(pods: Sequence[Pod]) -> str | None:
    """Return the message of the container that ended last; None where none has ended, or it left no message."""
    ended = [state for pod in pods for state in _terminations(pod)]
    if not ended:
        return None
    newest = max(ended, key=lambda state: str(state.get("finishedAt") or ""))
    return newest.get("message") or None


def _troubles(pod: Pod) -> Iterator[str]:
    if pod["metadata"].get("deletionTimestamp"):
        return
    for condition in pod.get("status", {}).get("conditions", []):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            yield _sentence(condition.get("reason", "Unschedulable"), condition.get("message"))
    for container in _containers(pod):
        yield from _container_trouble(container)


def _container_trouble(container: Mapping[str, Any]) -> Iterator[str]:
    state = container.get("state", {})
    last = container.get("lastState", {}).get("terminated")
    if (waiting := state.get("waiting")) and waiting.get("reason") not in _STARTING:
        yield _sentence(waiting.get("reason", "Waiting"), _ending(last) if last else waiting.get("message"))
    elif ended := state.get("terminated"):
        if ended.get("exitCode") != 0:
            yield _sentence(ended.get("reason", "Error"), _ending(ended))
    elif last and not container.get("ready"):
        yield _sentence(f"Restarted {how_many(container.get('restartCount', 1), 'time')}", _ending(last))


def _ending(terminated: Mapping[str, Any]) -> str:
    message = str(terminated.get("message") or "").strip()
    return message or f"the container ended with {_exit(terminated)}"


def _exit(terminated: Mapping[str, Any]) -> str:
    return f"exit code {terminated.get('exitCode')} ({terminated.get('reason')})"


def _sentence(reason: str, message: str | None) -> str:
    return f"{reason}: {message.strip()[:_MAXIMUM_MESSAGE]}" if message else reason


def _terminations(pod: Pod) -> Iterator[Mapping[str, Any]]:
    for container in pod.get("status", {}).get("containerStatuses", []):
        for state in ("state", "lastState"):
            if terminated := container.get(state, {}).get("terminated"):
                yield terminated


def _containers(pod: Pod) -> Iterator[Mapping[str, Any]]:
    status = pod.get("status", {})
    yield from status.get("initContainerStatuses", [])
    yield from status.get("containerStatuses", [])
