"""What must not serve does not, and says why: tampered and missing versions, wrong credentials, refused specs."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.system.kubectl import CommandError
from tests.system.shelf import fresh_shelf
from tests.system.world import NAME, World, candidate, condition, outcome, serving

pytestmark = pytest.mark.cluster


def test_a_tampered_first_version_never_serves(world: World) -> None:
    shelf = fresh_shelf(world.site)
    shelf.push("1")
    shelf.tamper("1")
    world.shelf = shelf
    world.is_there()

    world.apply("1")

    status = world.sees("the artifact is refused", lambda s: condition(s, "ArtifactVerified") == "False", 120)
    assert condition(status, "ArtifactVerified", "reason") == "ArtifactRefused"
    assert "sha256" in condition(status, "ArtifactVerified", "message")
    world.stays("nothing serves", lambda s: serving(s) == "" and condition(s, "Ready") == "False", 5)


def test_a_tampered_new_version_never_serves_and_the_old_one_does(world: World) -> None:
    shelf = fresh_shelf(world.site)
    for version in ("1", "2"):
        shelf.push(version)
    shelf.tamper("2")
    world.shelf = shelf
    world.serves("1")

    world.apply("2")

    status = world.sees("version 2 is refused", lambda s: outcome(s, "2") != "", 120)
    assert outcome(status, "2") == "RolledBack"
    assert condition(status, "ArtifactVerified", "reason") == "ArtifactRefused"
    assert serving(status) == "1"
    assert set(world.has_lost_nothing()["byVersion"]) == {"1"}


def test_a_status_that_somebody_else_wrote_is_put_right(world: World) -> None:
    world.serves("1")
    stable = {"revision": "0123456789", "version": "9", "digest": f"sha256:{'0' * 64}"}

    world.patches_status({"stable": stable})

    world.sees("version 1 is stable again", lambda s: serving(s) == "1" and condition(s, "Ready") == "True", 30)
    answered = world.client.stats()["answered"]
    world.sees_client("is answered", lambda c: c["answered"] > answered + 100)
    assert set(world.has_lost_nothing()["byVersion"]) == {"1"}
    assert list(world.route_weights().values()) == [100]


def test_a_trial_that_somebody_else_wrote_ends_once(world: World) -> None:
    world.serves("1")
    before = world.status()
    invented = {"revision": "0123456789", "version": "9", "digest": f"sha256:{'0' * 64}"}
    moment = "2026-01-01T00:00:00Z"
    trial = {"candidate": invented, "stage": "Canary", "began": moment, "stageSince": moment, "step": 0}

    world.patches_status({"trial": trial, "weight": 50})

    world.sees("the trial is over", lambda s: candidate(s) == "" and len(s["history"]) > len(before["history"]), 30)
    world.stays("it does not come back", lambda s: candidate(s) == "" and s.get("weight", 0) == 0, 8)
    status = world.status()
    assert len(status["history"]) == len(before["history"]) + 1, status["history"]
    assert serving(status) == "1"
    assert set(world.has_lost_nothing()["byVersion"]) == {"1"}


def test_a_selector_that_somebody_extended_is_put_right(world: World) -> None:
    world.serves("1")
    name = f"{NAME}-{world.status()['stable']['revision']}"
    patch = '{"spec": {"selector": {"seatrial.dev/x": "y"}}}'

    world.site.commands.ctl("patch", "service", name, "-n", world.namespace, "--type=merge", "-p", patch)

    def put_right(stats: Mapping[str, Any]) -> bool:
        service = world.site.commands.get("service", name, world.namespace)
        return service is not None and "seatrial.dev/x" not in service["spec"]["selector"]

    answered = world.sees_client("has its selector again", put_right, 30)["answered"]
    world.sees_client("is answered", lambda c: c["answered"] > answered + 100)


def test_a_missing_version_is_named_and_the_old_one_serves(world: World) -> None:
    world.serves("1")

    world.apply("99")

    status = world.sees("it is missed", lambda s: condition(s, "ArtifactVerified", "reason") == "VersionNotFound")
    assert "99" in condition(status, "ArtifactVerified", "message")
    assert condition(status, "Ready") == "True"
    assert condition(status, "Stalled") == "True"
    world.apply("1")
    world.sees("it is well again", lambda s: condition(s, "Stalled") == "False")
    world.has_lost_nothing()


def test_wrong_credentials_are_named_and_healed_by_right_ones(world: World) -> None:
    world.is_there(wrong_credentials=True)

    world.apply("1")

    status = world.sees("they are refused", lambda s: condition(s, "ArtifactVerified", "reason") == "StoreDenied")
    assert world.site.s3 in condition(status, "ArtifactVerified", "message")
    world.has_credentials()
    world.sees("version 1 serves", lambda s: serving(s) == "1" and condition(s, "Ready") == "True", 150)


def test_a_wrong_spec_is_refused_with_the_name_of_the_field(world: World) -> None:
    world.is_there()

    with pytest.raises(CommandError, match="maximumDisagreement"):
        world.apply("1", rollout={"shadow": {"maximumDisagreement": "lots"}})
    with pytest.raises(CommandError, match="exactly one of version"):
        world.apply("1", model={"store": world.shelf.store, "version": "1", "channel": "latest"})


def test_a_service_of_somebody_elses_is_left_alone_and_named(world: World) -> None:
    world.is_there()
    spec = {"selector": {"app": "payments"}, "ports": [{"port": 443}]}
    theirs = {"metadata": {"name": "deploy-risk", "namespace": world.namespace}, "spec": spec}
    world.site.commands.apply({"apiVersion": "v1", "kind": "Service", **theirs})

    world.apply("1")

    status = world.sees("it is told", lambda s: condition(s, "Stalled", "reason") == "ApplyFailed")
    assert f"Service {world.namespace}/deploy-risk is there already" in condition(status, "Stalled", "message")
    assert any(event.startswith("ApplyFailed:") for event in world.events())
    found = world.site.commands.get("service", "deploy-risk", world.namespace)
    assert found is not None
    assert found["spec"]["selector"] == {"app": "payments"}
    assert "ownerReferences" not in found["metadata"]
    world.site.commands.ctl("delete", "service", "deploy-risk", "-n", world.namespace)
    world.sees("it is well again", lambda s: serving(s) == "1" and condition(s, "Stalled") == "False", 150)
