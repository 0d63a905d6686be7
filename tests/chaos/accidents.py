"""Accidents: the operator, predictors and the collector are killed, and what they need goes away for a while.

No predictor that is the last ready one of its revision is taken away: who has one pod has an outage, and that is not
what is tried here.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.chaos.happenings import Happening, What
from tests.chaos.journal import Journal
from tests.chaos.model import Model
from tests.chaos.outages import Outages, insist
from tests.chaos.people import chosen
from tests.cluster import processes
from tests.cluster.cluster import Cluster
from tests.system.installation import NAMESPACE, RELEASE
from tests.system.kubectl import Commands
from tests.system.world import NAME

OPERATORS = f"app.kubernetes.io/instance={RELEASE}"
PREDICTOR = "seatrial_runtime.predictor"
NOW = ("--grace-period=0", "--force")
NOBODY = "no revision has a pod to spare"
TOLD = 3.0  # seconds until watches have told what happened while the API server was silent


class Accidents:
    """Lets accidents happen. `kills` has by model when its pods were killed without grace (Unix seconds).

    `blind` says that the API server does not answer, so that nobody can know what is so.
    """

    def __init__(self, commands: Commands, journal: Journal) -> None:
        self.kills: dict[str, list[float]] = {}
        self.blind = False
        self.outages = Outages(commands, journal)
        self._commands = commands
        self.deeds: Mapping[What, Callable[[Model, Happening], str]] = {
            What.OPERATOR_KILLED: self._operator_killed,
            What.OPERATOR_DELETED: self._operator_deleted,
            What.OPERATORS_DELETED: self._operators_deleted,
            What.POD_DELETED: self._pod_deleted,
            What.PODS_DELETED: self._pods_deleted,
            What.POD_KILLED: self._pod_killed,
            What.PROCESS_KILLED: self._process_killed,
            What.COLLECTOR_DELETED: self._collector_deleted,
            What.PROMETHEUS_AWAY: lambda _, h: self.outages.take_away("monitoring", "prometheus", h.seconds),
            What.STORE_AWAY: lambda _, h: self.outages.take_away("storage", "s3", h.seconds),
            What.API_AWAY: self._api_away,
            What.DNS_DELETED: lambda _, h: self._deleted("kube-system", "k8s-app=coredns"),
            What.GATEWAY_DELETED: lambda _, h: self._deleted("projectcontour", "app=contour"),
        }

    def end(self) -> None:
        """Let all be as it was."""
        self.outages.end()
        insist(lambda: self._commands.ctl("scale", "deployment", RELEASE, "-n", NAMESPACE, "--replicas=1"))

    def _operator_killed(self, model: Model, happening: Happening) -> str:
        return _killed("seatrial.controller")

    def _operator_deleted(self, model: Model, happening: Happening) -> str:
        return self._deleted(NAMESPACE, OPERATORS, *NOW)

    def _operators_deleted(self, model: Model, happening: Happening) -> str:
        ctl = self._commands.ctl
        ctl("scale", "deployment", RELEASE, "-n", NAMESPACE, "--replicas=2")
        ctl("rollout", "status", f"deployment/{RELEASE}", "-n", NAMESPACE, "--timeout=60s")
        said = self._deleted(NAMESPACE, OPERATORS, *NOW)
        ctl("scale", "deployment", RELEASE, "-n", NAMESPACE, "--replicas=1")
        return said

    def _pod_deleted(self, model: Model, happening: Happening) -> str:
        return self._without(model, self._victims(model, happening.choice)[:1])

    def _pods_deleted(self, model: Model, happening: Happening) -> str:
        return self._without(model, self._victims(model, happening.choice))

    def _pod_killed(self, model: Model, happening: Happening) -> str:
        return self._without(model, self._doomed(model, happening.choice), *NOW)

    def _process_killed(self, model: Model, happening: Happening) -> str:
        said = [f"{_killed(PREDICTOR, pod)} in {pod}" for pod in self._doomed(model, happening.choice)]
        return said[0] if said else NOBODY

    def _collector_deleted(self, model: Model, happening: Happening) -> str:
        return self._deleted(model.name, f"seatrial.dev/model={NAME},seatrial.dev/component=collector")

    def _api_away(self, model: Model, happening: Happening) -> str:
        self.blind = True
        with Cluster().without_api():
            time.sleep(happening.seconds)
        time.sleep(TOLD)
        self.blind = False
        return f"for {happening.seconds:.0f} s"

    def _doomed(self, model: Model, choice: float) -> Sequence[str]:
        """Return the pod, if any, that ends without grace from this moment on."""
        victims = self._victims(model, choice)[:1]
        if victims:
            self.kills.setdefault(model.name, []).append(time.time())
        return victims

    def _victims(self, model: Model, choice: float) -> Sequence[str]:
        """Return all ready pods of a revision but one."""
        selector = f"seatrial.dev/model={NAME},seatrial.dev/component=predictor"
        ready: dict[str, list[str]] = {}
        for pod in filter(_is_ready, self._commands.list("pods", model.name, selector)):
            ready.setdefault(pod["metadata"]["labels"]["seatrial.dev/revision"], []).append(pod["metadata"]["name"])
        several = [sorted(names) for _, names in sorted(ready.items()) if len(names) > 1]
        return chosen(several, choice)[1:] if several else ()

    def _without(self, model: Model, pods: Sequence[str], *how: str) -> str:
        if not pods:
            return NOBODY
        self._commands.ctl("delete", "pod", *pods, "-n", model.name, "--wait=false", *how)
        return ", ".join(pods)

    def _deleted(self, namespace: str, selector: str, *how: str) -> str:
        return self._commands.ctl("delete", "pod", "-n", namespace, "-l", selector, "--wait=false", *how).strip()


def _is_ready(pod: Mapping[str, Any]) -> bool:
    conditions = pod["status"].get("conditions") or ()
    ready = any((one["type"], one["status"]) == ("Ready", "True") for one in conditions)
    return ready and "deletionTimestamp" not in pod["metadata"]


def _killed(module: str, pod: str = "") -> str:
    """Kill the processes that run a module as the first of a container, in this pod or in any; say how many."""
    found = [one for one in processes.matching("-m", module) if _is_first_in_its_container(one.pid, pod)]
    processes.kill(found)
    return f"{len(found)} killed"


def _is_first_in_its_container(pid: int, pod: str) -> bool:
    """Say whether a process is the first of a namespace of processes of its own, in a pod of this name if any."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    numbers = next((line.split()[1:] for line in lines if line.startswith("NSpid:")), [])
    hostname = f"HOSTNAME={pod}"
    there = not pod or hostname in Path(f"/proc/{pid}/environ").read_text(errors="replace").split("\0")
    return len(numbers) > 1 and numbers[-1] == "1" and there
