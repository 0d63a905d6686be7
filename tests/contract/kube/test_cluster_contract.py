"""What the controller leans on of a cluster, on the fake and on a real API server."""

from typing import Any

import pytest

from seatrial.adapters.kube_kinds import MODEL_API
from seatrial.api import KIND
from seatrial.contract.labels import MODEL
from seatrial.ports import AbsentError, ConflictError, PodsSeen, RefusedError, Restarts
from tests.contract.kube.conftest import Site

NOWHERE = "00000000-0000-0000-0000-000000000000"


def service(site: Site, name: str = "risk", **parts: Any) -> dict[str, Any]:
    metadata = {"namespace": site.namespace, "name": name, "labels": {MODEL: "risk", "one": "1"}, **parts}
    spec = {"selector": {"app": "risk", "tier": "model"}, "ports": [{"name": "http", "port": 80, "protocol": "TCP"}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def model(site: Site, replicas: int = 1, **metadata: Any) -> dict[str, Any]:
    head = {"namespace": site.namespace, "name": "risk", **metadata}
    spec = {
        "model": {"store": "s3://models/team", "name": "risk", "version": "1"},
        "serving": {"replicas": replicas},
        "storage": {"endpoint": "http://s3.invalid:9"},
    }
    return {"apiVersion": MODEL_API, "kind": KIND, "metadata": head, "spec": spec}


def status_of(site: Site, weight: int, **metadata: Any) -> dict[str, Any]:
    head = {"namespace": site.namespace, "name": "risk", **metadata}
    return {"apiVersion": MODEL_API, "kind": KIND, "metadata": head, "status": {"weight": weight}}


def config(site: Site, name: str = "risk", **parts: Any) -> dict[str, Any]:
    """Return an object that no controller of Kubernetes's touches."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": site.namespace, "name": name}, **parts}


async def test_applying_makes_an_object_and_applying_again_changes_nothing(site: Site) -> None:
    first = await site.cluster.apply(service(site))
    again = await site.cluster.apply(service(site))
    assert first["metadata"]["uid"]
    assert first["metadata"]["creationTimestamp"].endswith("Z")
    assert again["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


async def test_resource_versions_grow(site: Site) -> None:
    versions = []
    for value in "abc":
        document = await site.cluster.apply(config(site, data={"key": value}))
        versions.append(int(document["metadata"]["resourceVersion"]))
    assert versions == sorted(set(versions))


async def test_what_is_no_longer_said_goes_and_what_others_said_stays(site: Site) -> None:
    await site.cluster.apply(service(site))
    theirs = {"namespace": site.namespace, "name": "risk", "labels": {"two": "2"}, "annotations": {"note": "theirs"}}
    live = await site.user_apply({"apiVersion": "v1", "kind": "Service", "metadata": theirs})
    assert live["metadata"]["labels"] == {MODEL: "risk", "one": "1", "two": "2"}
    wanted = service(site, labels={MODEL: "risk"})
    del wanted["spec"]["selector"]["tier"]
    live = await site.cluster.apply(wanted)
    assert live["metadata"]["labels"] == {MODEL: "risk", "two": "2"}
    assert live["metadata"]["annotations"] == {"note": "theirs"}
    assert live["spec"]["selector"] == {"app": "risk"}


async def test_what_others_changed_is_taken_back(site: Site) -> None:
    await site.cluster.apply(service(site))
    changed = service(site)
    changed["spec"]["selector"]["app"] = "other"
    await site.user_apply(changed)
    live = await site.cluster.apply(service(site))
    assert live["spec"]["selector"]["app"] == "risk"


async def test_generations_count_what_is_wanted(site: Site) -> None:
    await site.cluster.apply(model(site))
    await site.cluster.write_status(status_of(site, 5))
    assert (await site.cluster.apply(model(site)))["metadata"]["generation"] == 1
    assert (await site.cluster.apply(model(site, replicas=2)))["metadata"]["generation"] == 2


async def test_a_status_is_written_beside_the_spec(site: Site) -> None:
    before = await site.cluster.apply(model(site))
    after = await site.cluster.write_status(status_of(site, 5))
    assert after["status"]["weight"] == 5
    assert after["spec"] == before["spec"]
    assert int(after["metadata"]["resourceVersion"]) > int(before["metadata"]["resourceVersion"])
    # Whatever an operator of the cluster's own has written since: an apply of the spec leaves a status alone.
    assert (await site.cluster.apply(model(site, replicas=3)))["status"]


@pytest.mark.parametrize("text", ["now \U0001f680", "\x7f\x81\ufffe", r"\ud83d\ude80", "a\nb\tc\u2028"])
async def test_any_text_can_be_written(site: Site, text: str) -> None:
    document = await site.cluster.apply(config(site, data={"key": text}))
    assert document["data"] == {"key": text}


async def test_a_status_is_all_that_was_written_last(site: Site) -> None:
    """What somebody else wrote there does not stay."""
    await site.cluster.apply(model(site))
    await site.user_status(model(site), {"weight": 7, "replicas": 3, "message": "theirs"})
    written = await site.cluster.write_status(status_of(site, 5))
    assert written["status"] == {"weight": 5}


async def test_a_status_on_a_stale_view_is_a_conflict(site: Site) -> None:
    seen = await site.cluster.apply(model(site))
    version = seen["metadata"]["resourceVersion"]
    await site.cluster.apply(model(site, replicas=2))
    with pytest.raises(ConflictError):
        await site.cluster.write_status(status_of(site, 5, resourceVersion=version))


async def test_a_status_on_the_latest_view_is_written(site: Site) -> None:
    """An operator of the cluster's own may write in between; then the view is stale, and it is looked again."""
    await site.cluster.apply(model(site))
    for _ in range(20):
        now = await site.cluster.read(model(site))
        head = {field: now["metadata"][field] for field in ("uid", "resourceVersion")}
        try:
            written = await site.cluster.write_status(status_of(site, 7, **head))
        except ConflictError:
            continue
        assert written["status"]["weight"] == 7
        return
    pytest.fail("somebody else writes all the time")


async def test_a_status_makes_no_object(site: Site) -> None:
    with pytest.raises(AbsentError):
        await site.cluster.write_status(status_of(site, 5))
    with pytest.raises(AbsentError):
        await site.cluster.read(model(site))


async def test_a_name_that_is_none_is_refused(site: Site) -> None:
    with pytest.raises(RefusedError, match="Not_A_Name"):
        await site.cluster.apply(config(site, name="Not_A_Name"))


async def test_deleting(site: Site) -> None:
    made = await site.cluster.apply(config(site))
    with pytest.raises(ConflictError):
        await site.cluster.delete(config(site) | {"metadata": {**made["metadata"], "uid": NOWHERE}})
    await site.cluster.read(config(site))
    await site.cluster.delete(config(site) | {"metadata": made["metadata"]})
    with pytest.raises(AbsentError):
        await site.cluster.read(config(site))
    await site.cluster.delete(config(site))


async def test_secrets_are_decoded(site: Site) -> None:
    await site.put_secret("s3", {"accessKeyId": "key", "secretAccessKey": "gehöim"})
    assert await site.cluster.secret(site.namespace, "s3") == {"accessKeyId": "key", "secretAccessKey": "gehöim"}
    with pytest.raises(AbsentError, match="none"):
        await site.cluster.secret(site.namespace, "none")


async def test_events_are_about_their_object(site: Site) -> None:
    made = await site.cluster.apply(config(site))
    await site.cluster.event(made, reason="Promoted", message="version 2 serves", warning=False)
    await site.cluster.event(made, reason="RolledBack", message="errors: 3 %", warning=True)
    told = sorted(await site.told(made))
    assert told == [("Promoted", "version 2 serves", False), ("RolledBack", "errors: 3 %", True)]


async def test_what_a_job_left_behind(site: Site) -> None:
    assert await site.cluster.termination_message(site.namespace, "train-1") is None
    ended = {"exitCode": 0, "finishedAt": "2026-01-05T12:00:00Z", "message": '{"outcome": "Passed"}'}
    status = {"containerStatuses": [{"state": {"terminated": ended}}]}
    await site.pod("train-1-a", {"batch.kubernetes.io/job-name": "train-1"}, status)
    assert await site.cluster.termination_message(site.namespace, "train-1") == '{"outcome": "Passed"}'
    assert await site.cluster.termination_message(site.namespace, "train-2") is None


async def test_why_pods_are_not_ready(site: Site) -> None:
    waiting = {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}
    await site.pod("risk-a", {MODEL: "risk", "part": "a"}, {"containerStatuses": [{"state": waiting}]})
    found = await site.cluster.pods(site.namespace, f"{MODEL}=risk,part=a")
    assert found == PodsSeen("ImagePullBackOff: no such image")
    assert await site.cluster.pods(site.namespace, f"{MODEL}=risk,part=b") == PodsSeen()


async def test_how_often_pods_were_restarted(site: Site) -> None:
    ended = {"exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-01-05T12:00:00Z"}
    failed = {"exitCode": 1, "reason": "Error", "finishedAt": "2026-01-05T13:00:00Z", "message": "no store"}
    for name, count, last in (("risk-a", 2, ended), ("risk-b", 3, failed)):
        container = {"name": "predictor", "restartCount": count, "lastState": {"terminated": last}}
        await site.pod(name, {MODEL: "risk"}, {"containerStatuses": [container]})
    await site.pod("risk-evicted", {MODEL: "risk"}, {"phase": "Failed", "containerStatuses": [container]})
    restarts = Restarts({"risk-a": 2, "risk-b": 3}, frozenset({"risk-b"}), "exit code 137 (OOMKilled)")
    assert (await site.cluster.pods(site.namespace, f"{MODEL}=risk")).restarts == restarts


async def test_listing_what_bears_a_label(site: Site) -> None:
    await site.cluster.apply(service(site))
    await site.cluster.apply(service(site, "other", labels={"one": "1"}))
    listed = [document async for document in site.cluster.listing("v1", "Service", MODEL)]
    mine = [document for document in listed if document["metadata"]["namespace"] == site.namespace]
    assert [(d["apiVersion"], d["kind"], d["metadata"]["name"]) for d in mine] == [("v1", "Service", "risk")]


async def test_of_two_writers_one_wins(site: Site) -> None:
    head = config(site, name="lease")
    made = await site.cluster.create({**head, "data": {"holder": "one"}})
    with pytest.raises(ConflictError):
        await site.cluster.create({**head, "data": {"holder": "two"}})
    seen = await site.cluster.read(head)
    assert seen["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]
    await site.cluster.replace({**seen, "data": {"holder": "two"}})
    with pytest.raises(ConflictError):
        await site.cluster.replace({**seen, "data": {"holder": "three"}})
    assert (await site.cluster.read(head))["data"] == {"holder": "two"}
    with pytest.raises(AbsentError):
        await site.cluster.replace(config(site, name="absent", data={}))
