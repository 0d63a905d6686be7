"""Host names and paths: what is new is asked for beside what callers use."""

from dataclasses import replace
from typing import Any

import pytest

from seatrial.api.conditions import Condition, Reason, Truth, Type
from seatrial.core.decide import decide
from seatrial.core.observed import Observed, RouteState
from tests.given import HOSTNAMES, NOW, ROUTE, available, ref, serving, spec, taken

[HOST] = HOSTNAMES
OTHER = "team.example.org"
ONE = ref("1").revision


def world(*, claim: RouteState | None = None, **route: Any) -> Observed:
    """Version 1 serves at HOST, and the spec's route is another one now."""
    found = serving("1", of=spec(route=ROUTE))
    state = replace(taken({ONE: 100}), claim=claim)
    return replace(found, spec=spec(route={**ROUTE, **route}), route=state)


def routes(observed: Observed) -> dict[str, tuple[list[str], list[str]]]:
    """Return the host names and the paths of each HTTPRoute that should be."""
    made = [one for one in decide(observed, NOW).objects if one["kind"] == "HTTPRoute"]
    return {
        one["metadata"]["name"]: (
            one["spec"]["hostnames"],
            [rule["matches"][0]["path"]["value"] for rule in one["spec"]["rules"]],
        )
        for one in made
    }


def route_ready(observed: Observed) -> Condition:
    """Return the condition."""
    return next(one for one in decide(observed, NOW).status.conditions if one.type is Type.ROUTE_READY)


def answered(accepted: bool | None, *hostnames: str, path: str = "/") -> RouteState:
    """Return a claim of which the gateway says this."""
    return RouteState(accepted, "so it is", hostnames=hostnames, path=path)


HERE = ([HOST], ["/v1", "/v2"])


def test_a_first_route_is_made_as_it_is_wanted() -> None:
    assert routes(replace(world(hostnames=[OTHER]), route=None)) == {"risk": ([OTHER], ["/v1", "/v2"])}


def test_what_has_no_traffic_to_lose_is_changed_at_once() -> None:
    refused = RouteState(False, "conflict", hostnames=HOSTNAMES)
    assert routes(replace(world(hostnames=[OTHER]), route=refused)) == {"risk": ([OTHER], ["/v1", "/v2"])}


@pytest.mark.parametrize(
    ("wanted", "claimed"),
    [
        ({"hostnames": [HOST, OTHER]}, ([OTHER], ["/v1", "/v2"])),
        ({"hostnames": [OTHER]}, ([OTHER], ["/v1", "/v2"])),
        ({"path": "/risk"}, ([HOST], ["/risk/v1", "/risk/v2"])),
        ({"path": "/risk", "hostnames": [HOST, OTHER]}, ([HOST, OTHER], ["/risk/v1", "/risk/v2"])),
        ({"hostnames": []}, ([], ["/v1", "/v2"])),
    ],
)
def test_what_is_new_is_claimed_and_what_serves_stays(wanted: dict[str, Any], claimed: Any) -> None:
    assert routes(world(**wanted)) == {"risk": HERE, "risk-claim": claimed}


@pytest.mark.parametrize("wanted", [{}, {"path": "/"}, {"hostnames": [HOST]}])
def test_nothing_new_claims_nothing(wanted: dict[str, Any]) -> None:
    assert routes(world(**wanted)) == {"risk": HERE}


def test_fewer_host_names_are_taken_away_at_once() -> None:
    state = replace(taken({ONE: 100}), hostnames=(HOST, OTHER))
    assert routes(replace(world(), route=state)) == {"risk": HERE}


def test_an_accepted_claim_becomes_the_route() -> None:
    found = routes(world(hostnames=[HOST, OTHER], claim=answered(True, OTHER)))
    assert found["risk"] == ([HOST, OTHER], ["/v1", "/v2"])


@pytest.mark.parametrize(
    "claim",
    [answered(None, OTHER), answered(False, OTHER), answered(True, "a.org"), answered(True, OTHER, path="/x")],
)
def test_only_the_whole_claim_accepted_is_enough(claim: RouteState) -> None:
    assert routes(world(hostnames=[HOST, OTHER], claim=claim))["risk"] == HERE


def test_a_claim_sends_traffic_where_the_route_does() -> None:
    made = {one["metadata"]["name"]: one for one in decide(world(hostnames=[OTHER]), NOW).objects}
    backends = [made[name]["spec"]["rules"][0]["backendRefs"] for name in ("risk", "risk-claim")]
    assert backends[0] == backends[1]


@pytest.mark.parametrize(
    ("claim", "truth", "reason", "said"),
    [
        (None, Truth.UNKNOWN, Reason.WAITING_FOR_GATEWAY, "it is asked for"),
        (answered(None, OTHER), Truth.UNKNOWN, Reason.WAITING_FOR_GATEWAY, "so it is"),
        (answered(False, OTHER), Truth.FALSE, Reason.NOT_ACCEPTED, "so it is"),
    ],
)
def test_it_is_said_what_is_not_served_and_what_is(
    claim: RouteState | None, truth: Truth, reason: Reason, said: str
) -> None:
    found = route_ready(world(hostnames=[HOST, OTHER], claim=claim))
    assert (found.status, found.reason) == (truth, reason)
    assert found.message == f"{OTHER} is not served: {said}; {HOST} has the traffic as before"


def test_a_claim_that_could_not_be_written_is_told() -> None:
    refused = {("HTTPRoute", "risk-claim"): "403: no"}
    found = route_ready(replace(world(path="/risk"), refused=refused))
    assert (found.status, found.reason) == (Truth.FALSE, Reason.APPLY_FAILED)
    assert found.message == f"{HOST}/risk is not served: 403: no; {HOST} has the traffic as before"


def test_a_refused_claim_holds_up_no_trial() -> None:
    found = world(hostnames=[HOST, OTHER], claim=answered(False, OTHER))
    assert found.pods[ONE] == available(2)
    ready = next(one for one in decide(found, NOW).status.conditions if one.type is Type.READY)
    assert ready.status is Truth.TRUE
