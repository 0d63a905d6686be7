"""The condition of the HTTPRoute: what the gateway says of it, and where it sends traffic if it cannot be written."""

from collections.abc import Sequence

from seatrial.api.conditions import Condition, Reason, Type, condition
from seatrial.api.spec import Route
from seatrial.core.addresses import claim, hosts, is_granted
from seatrial.core.objects.common import CLAIM_SUFFIX, revision_name
from seatrial.core.observed import RouteState
from seatrial.core.recipe import Recipe
from seatrial.core.view import View


def route_ready(view: View) -> Condition:
    """Has the gateway taken the route?"""
    route = view.observed.route
    if view.spec is None:
        message = "spec is not valid: whatever HTTPRoute there is stays as it is"
        return condition(Type.ROUTE_READY, None, Reason.INVALID_SPEC, message)
    if view.spec.route is None:
        return condition(Type.ROUTE_READY, None, Reason.NO_ROUTE, "spec.route is not set: the Service has the traffic")
    if route is not None and (refused := view.observed.refused.get(("HTTPRoute", view.observed.key.name))):
        message = f"the HTTPRoute could not be written, and is what it was{_weights(view, route)}: {refused}"
        return condition(Type.ROUTE_READY, False, Reason.APPLY_FAILED, message)
    if route is None or route.accepted is None:
        if route is None and view.pods(view.status.stable).available == 0:
            message = "the HTTPRoute is made once a version serves"
            return condition(Type.ROUTE_READY, None, Reason.NO_VERSION_SERVES, message)
        message = route.message if route is not None else _no_route(view)
        return condition(Type.ROUTE_READY, None, Reason.WAITING_FOR_GATEWAY, message)
    if not route.accepted:
        return condition(Type.ROUTE_READY, False, Reason.NOT_ACCEPTED, route.message)
    asked = claim(route, view.spec.route)
    if asked is None or is_granted(route, asked):
        return condition(Type.ROUTE_READY, True, Reason.ACCEPTED, route.message)
    return _claimed(view, route, asked)


def _claimed(view: View, route: RouteState, asked: Route) -> Condition:
    """What callers use is served, and what they are to use too is asked for."""
    refused = view.observed.refused.get(("HTTPRoute", view.observed.key.name + CLAIM_SUFFIX), "")
    said = refused or (route.claim.message if route.claim is not None else "it is asked for")
    served = f"{_places(route.hostnames, route.path)} has the traffic as before"
    message = f"{_places(hosts(asked), asked.path)} is not served: {said}; {served}"
    if refused:
        return condition(Type.ROUTE_READY, False, Reason.APPLY_FAILED, message)
    if route.claim is not None and route.claim.accepted is False:
        return condition(Type.ROUTE_READY, False, Reason.NOT_ACCEPTED, message)
    return condition(Type.ROUTE_READY, None, Reason.WAITING_FOR_GATEWAY, message)


def _places(hostnames: Sequence[str], path: str) -> str:
    prefix = path.rstrip("/")
    return ", ".join(f"{host or 'any host'}{prefix}" for host in hostnames)


def _weights(view: View, route: RouteState) -> str:
    """Say which versions get how much, of those whose recipe is known."""
    backends = {revision_name(view.observed.key.name, one.revision): one for one in view.observed.recipes.values()}
    named = {name: _named(backends[name]) if name in backends else name for name in route.weights}
    most_first = sorted(route.weights.items(), key=lambda one: (-one[1], one[0]))
    shares = [f"{weight} % to {named[name]}" for name, weight in most_first if weight]
    return f" ({', '.join(shares)})" if shares else ""


def _named(recipe: Recipe) -> str:
    return f"version {recipe.version} (revision {recipe.revision})"


def _no_route(view: View) -> str:
    why = [message for (kind, _), message in view.observed.refused.items() if kind in ("HTTPRoute", "Service")]
    return ": ".join(["there is no HTTPRoute yet", *why[:1]])
