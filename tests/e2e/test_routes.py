"""Who gets which callers: a host name that another has, and callers that stay where they were."""

import json
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
