"""What the demo says at its end: how it went, how to look around, how to remove it."""

import shlex

from tests.demo.look import NAME, NAMESPACE
from tests.demo.stagehand import HOST
from tests.system.site import Site

REMOVE = "docs/how-to/demo-on-your-cluster.md#remove-it"


def look_around(chosen: Site, store: str, report: str) -> str:
    """Return the commands that show what is there now, and how to take it down."""
    return "\n".join(
        [
            "",
            "Look around (the cluster is still up, and so is the client, for an hour at most):",
            *(f"  {command}" for command in _commands(chosen, store)),
            f"  {report} has every stage, verdict and weight",
            take_down(chosen),
        ]
    )


def take_down(chosen: Site) -> str:
    """Return how to remove what the demo made."""
    return "Take it down: make cluster-down" if chosen.embedded else f"Remove it: the four commands of {REMOVE}"


def _commands(chosen: Site, store: str) -> list[str]:
    reach = [f"export KUBECONFIG={shlex.quote(str(chosen.commands.kubeconfig))}"]
    if chosen.embedded:
        reach.append(f"export PATH={chosen.commands.kubectl.parent}:$PATH")
    return [
        *reach,
        f"kubectl get mdep -n {NAMESPACE}",
        f"kubectl describe mdep {NAME} -n {NAMESPACE}",
        f"curl -H 'Host: {HOST}' {chosen.gateway}/v2/models/{NAME}",
        f"curl {chosen.prometheus}/api/v1/query --data-urlencode 'query=seatrial:drift_psi'",
        f"{_credentials(chosen)} .venv/bin/seatrial --endpoint {chosen.s3} --store {store} versions {NAME}",
    ]


def _credentials(chosen: Site) -> str:
    """Return the credentials as a shell takes them: those of a user's own store stay where they are."""
    if not chosen.embedded:
        return "AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=…"
    return f"AWS_ACCESS_KEY_ID={chosen.s3_key} AWS_SECRET_ACCESS_KEY={chosen.s3_secret}"
