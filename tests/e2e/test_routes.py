"""Who gets which callers: a host name that another has, and callers that stay where they were."""

import json
import time
from collections.abc import Mapping
from typing import Any

import pytest

from tests.system.world import NAME, RATE, ROLLOUT, World, candidate, condition

pytestmark = pytest.mark.cluster
SPLIT: Mapping[str, Any] = {
    **ROLLOUT,
    "shadow": {"enabled": False},
    "canary": {"steps": [{"weight": 50}], "stepDuration": "1h", "sticky": True},
}
REQUESTS = 30
AGE = 2.0  # seconds: a gateway knows routes that are made within one apart by their names alone


def test_a_host_name_that_another_has_is_not_taken_away(world: World) -> None:
    world.serves("1")
    other = dict(world.document("2"))
    other["metadata"] = {"name": "other", "namespace": world.namespace}

    world.site.commands.apply(other)

    status = world.sees_other("other", "it is said", lambda s: condition(s, "RouteReady") == "False")
    assert condition(status, "Stalled") == "True"
    assert "conflict" in condition(status, "RouteReady", "message").lower(), "in the gateway's own words"
    answered = world.client.stats()["answered"]
    stats = world.sees_client("is answered on", lambda c: c["answered"] >= answered + 10 * RATE)
    assert list(stats["lastSeconds"]) == ["1"]
    world.has_lost_nothing()
    world.site.commands.ctl("delete", "modeldeployment", "other", "-n", world.namespace, "--wait=true")


def test_a_host_name_that_another_has_costs_the_one_that_asks_for_it_none_of_its_own(world: World) -> None:
    """And takes none away from the other, whichever of the two routes is older."""
    world.serves("1")
    theirs = dict(world.document("2", route=route_of(world, "theirs")))
    theirs["metadata"] = {"name": "other", "namespace": world.namespace}
    world.site.commands.apply(theirs)
    world.sees_other("other", "it serves", lambda s: condition(s, "RouteReady") == "True")
    time.sleep(AGE)

    world.apply("1", route=route_of(world, world.namespace, "theirs"))

    status = world.sees("it is said", lambda s: condition(s, "RouteReady") == "False")
    assert "theirs.example.org is not served" in condition(status, "RouteReady", "message")
    assert condition(status, "Ready") == "True"
    world.site.commands.apply(
        {**theirs, "spec": {**theirs["spec"], "route": route_of(world, "theirs", world.namespace)}}
    )
    world.sees_other("other", "it is said too", lambda s: condition(s, "RouteReady") == "False")
    answered = world.client.stats()["answered"]
    stats = world.sees_client("is answered on", lambda c: c["answered"] >= answered + 5 * RATE)
    assert list(stats["lastSeconds"]) == ["1"]
    world.has_lost_nothing()
    world.site.commands.ctl("delete", "modeldeployment", "other", "-n", world.namespace, "--wait=true")
    world.sees("what is free now is taken", lambda s: condition(s, "RouteReady") == "True")


def test_another_host_name_is_added_and_nothing_is_lost(world: World) -> None:
    world.serves("1")

    world.apply("1", route=route_of(world, world.namespace, "more"))

    world.sees("one route has both", lambda _: hosts(world) == {NAME: 2})
    assert condition(world.status(), "RouteReady") == "True"
    world.has_lost_nothing()


def hosts(world: World) -> Mapping[str, int]:
    """Count the host names of each HTTPRoute."""
    found = world.site.commands.list("httproute", world.namespace, f"seatrial.dev/model={NAME}")
    return {one["metadata"]["name"]: len(one["spec"]["hostnames"]) for one in found}


def route_of(world: World, *hosts: str) -> Mapping[str, Any]:
    """Return spec.route with host names."""
    gateway = {"name": world.site.gateway_name, "namespace": world.site.gateway_namespace}
    return {"gateway": gateway, "hostnames": [f"{host}.example.org" for host in hosts]}


def test_sticky_callers_stay_with_the_version_that_answered_them(world: World) -> None:
    world.serves("1", rollout=SPLIT)
    world.apply("2", rollout=SPLIT)
    status = world.sees("the split", lambda s: candidate(s) == "2" and s.get("weight") == 50, 180)
    revisions = {"1": status["stable"]["revision"], "2": status["trial"]["candidate"]["revision"]}
    world.sees("it is in effect", lambda s: (s.get("trial") or {}).get("stepSince") is not None)

    for version, revision in revisions.items():
        assert answered_by(world, revision) == {version: REQUESTS}
    assert set(answered_by(world, "")) == {"1", "2"}
    assert set(answered_by(world, "0123456789")) == {"1", "2"}, "a revision that has gone keeps nobody"


def answered_by(world: World, revision: str) -> dict[str, int]:
    """Send requests from the client's pod that name a revision, and count the versions that answered."""
    url, headers = f"{world.client.target}/v2/models/{NAME}", {"Host": world.client.host}
    headers |= {"x-model-revision": revision} if revision else {}
    program = f"""
import collections, json, urllib.request
seen = collections.Counter()
for _ in range({REQUESTS}):
    request = urllib.request.Request({url!r}, headers={headers!r})
    with urllib.request.urlopen(request, timeout=10) as answer:
        seen[answer.headers["x-model-version"]] += 1
print(json.dumps(seen))
"""
    found: dict[str, int] = json.loads(
        world.site.commands.ctl("exec", "client", "-n", world.namespace, "--", "python", "-c", program)
    )
    return found
