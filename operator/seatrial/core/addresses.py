"""Where callers reach the model: new host names and paths are asked for beside those that it has.

A gateway that refuses one host name, because another route has it, may refuse the whole HTTPRoute, and with it the
names that have traffic. Where an older route is given the name of a younger one, somebody else's model loses it. So
what is new is asked for by an HTTPRoute of its own, the claim: it is younger than every route that has the name, and
by the Gateway API's precedence those keep it. The HTTPRoute itself changes once the claim was accepted.
"""

from dataclasses import replace

from seatrial.api.spec import Route
from seatrial.core.observed import RouteState

ANY_HOST = ""  # stands for all host names of the gateway's listeners


def claim(state: RouteState | None, route: Route) -> Route | None:
    """Return what the gateway is to be asked for beside what callers use; None where nothing is new, or can be lost."""
    if state is None or state.accepted is False:
        return None
    moved = _path(route) != state.path
    new = tuple(host for host in hosts(route) if moved or host not in state.hostnames)
    return replace(route, hostnames=new) if new else None


def is_granted(state: RouteState, asked: Route) -> bool:
    """Say whether the gateway has accepted just this claim."""
    found = state.claim
    return (
        found is not None and found.accepted is True and (found.hostnames, found.path) == (hosts(asked), _path(asked))
    )


def served_at(state: RouteState | None, route: Route) -> Route:
    """Return the route that the HTTPRoute should have: the wanted one once nothing of it can be refused any more."""
    asked = claim(state, route)
    if state is None or asked is None or is_granted(state, asked):
        return route
    return replace(route, hostnames=state.hostnames, path=state.path)


def hosts(route: Route) -> tuple[str, ...]:
    """Return the host names of a route, ANY_HOST where it names none."""
    return route.hostnames or (ANY_HOST,)


def _path(route: Route) -> str:
    return route.path.rstrip("/") or "/"
