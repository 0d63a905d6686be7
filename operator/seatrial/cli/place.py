"""Where a command on a cluster acts: the options that kubectl has for it too, and what they lead to."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

import click

from seatrial.cli.cluster import ModelDeployments
from seatrial.cli.session import Session, World

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_LABEL_RULE = "1 to 63 lower case letters, digits and '-', beginning and ending with a letter or digit"


def _checked(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and not _LABEL.fullmatch(value):
        raise click.BadParameter(f"it is {value!r}; expected {_LABEL_RULE}", context, parameter)
    return value


NAME = click.argument("name", callback=_checked)
_NAMESPACE = click.option("-n", "--namespace", callback=_checked, help="The namespace; default: the context's.")
_KUBECONFIG = click.option("--kubeconfig", metavar="FILE", help="How to reach the cluster; default: KUBECONFIG.")
_CONTEXT = click.option("--context", help="The kubeconfig's context; default: its current one.")


@dataclass(frozen=True, slots=True)
class Place:
    """A namespace of a cluster."""

    world: World
    cluster: ModelDeployments
    namespace: str


def on_cluster(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say which cluster and namespace; it gets the Place that they lead to."""

    @_NAMESPACE
    @_KUBECONFIG
    @_CONTEXT
    @click.pass_obj
    @wraps(command)
    def at_place(
        session: Session, /, *, namespace: str | None, kubeconfig: str | None, context: str | None, **rest: Any
    ) -> Any:
        cluster = session.world.open_cluster(kubeconfig, context)
        return command(Place(session.world, cluster, namespace or cluster.namespace), **rest)

    return at_place
