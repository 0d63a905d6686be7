"""The Deployments and Jobs that a decision wants: their pods can read what they say, and are bounded."""

import json
from dataclasses import asdict, replace

import pytest

from seatrial.api.status import Stage
from seatrial.contract import environment, http, labels
from seatrial.contract.training import parse_request
from seatrial.core.recipe import recipe_from
from seatrial_runtime.collector.configuration import read_configuration
from seatrial_runtime.predictor.settings import read_settings
from tests.given import on_trial, recipe, ref, spec, target
from tests.unit.core.documents import BARE, EVERYTHING, ONE, TWO, named, variables, world

# Predictors


def test_a_predictor_can_read_what_it_is_told() -> None:
    told = variables(named("Deployment", TWO))
    read = read_settings(told | {environment.POD_IP: "10.0.0.7"})
    assert (read.namespace, read.name, read.revision) == ("ml", "risk", ref("2", EVERYTHING).revision)
    assert (read.version, read.digest) == ("2", target("2").digest)
    assert (read.home.bucket, read.endpoint, read.region) == ("models", "http://s3:7070", "eu-1")
    assert (read.maximum_batch, read.maximum_delay, read.timeout) == (16, 0.002, 0.25)
    assert (read.shadow_host, read.collector_url) == ("risk-shadow.ml.svc", "http://risk-collector.ml.svc")
    assert json.loads(told[environment.POD_IP]) == {"fieldRef": {"fieldPath": "status.podIP"}}


def test_credentials_come_from_the_secret_and_stand_nowhere() -> None:
    told = variables(named("Deployment", TWO))
    assert json.loads(told["AWS_ACCESS_KEY_ID"]) == {"secretKeyRef": {"name": "keys", "key": "accessKeyId"}}
    assert json.loads(told["AWS_SECRET_ACCESS_KEY"]) == {"secretKeyRef": {"name": "keys", "key": "secretAccessKey"}}


def test_what_the_spec_leaves_out_is_not_said() -> None:
    told = variables(named("Deployment", f"risk-{ref('2').revision}", world(BARE)))
    left_out = {"AWS_ACCESS_KEY_ID", environment.ENDPOINT, environment.REGION, environment.COLLECTOR_URL}
    assert not left_out & told.keys()
    assert read_settings(told).timeout == 1.0


def test_a_predictor_runs_what_the_recipe_says() -> None:
    document = named("Deployment", TWO)
    [container] = document["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "mine:1"
    assert container["resources"] == {"requests": {"cpu": "2"}, "limits": {"memory": "1Gi"}}
    assert container["readinessProbe"]["httpGet"]["path"] == http.READY_PATH
    assert container["livenessProbe"]["httpGet"]["path"] == http.LIVE_PATH


def test_a_predictor_leaves_without_dropping_a_request() -> None:
    document = named("Deployment", TWO)
    pod = document["spec"]["template"]["spec"]
    slept = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert 0 < slept < pod["terminationGracePeriodSeconds"]
    assert document["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert document["spec"]["minReadySeconds"] > 0


def test_a_predictor_is_scraped() -> None:
    annotations = named("Deployment", TWO)["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/port"] == str(http.PREDICTOR_PORT)
    assert annotations["prometheus.io/path"] == http.METRICS_PATH
    assert annotations[labels.SCRAPE_DRIFT] == "true"


def test_replicas_are_the_plans() -> None:
    found = world(stage=Stage.CANARY)
    assert [named("Deployment", name, found)["spec"]["replicas"] for name in (ONE, TWO)] == [2, 2]


def test_the_kept_recipe_makes_the_same_revision_again() -> None:
    kept = named("ControllerRevision", TWO)
    assert kept["metadata"]["labels"][labels.REVISION] == ref("2", EVERYTHING).revision
    assert recipe_from(json.loads(json.dumps(kept["data"]))) == recipe("2", EVERYTHING)
    assert kept["data"] == asdict(recipe("2", EVERYTHING))


# The collector and the trainer


def test_a_collector_can_read_what_it_is_told() -> None:
    document = named("Deployment", "risk-collector")
    read = read_configuration(variables(document))
    assert (read.namespace, read.name, read.home.bucket, str(read.folder)) == ("ml", "risk", "models", "/data")
    assert document["spec"]["strategy"] == {"type": "Recreate"}
    assert document["spec"]["replicas"] == 1


def test_a_collector_finds_the_secrets_files_where_it_is_told() -> None:
    document = named("Deployment", "risk-collector")
    pod, told = document["spec"]["template"]["spec"], variables(document)
    [volume] = [one for one in pod["volumes"] if "secret" in one]
    [mount] = [one for one in pod["containers"][0]["volumeMounts"] if one["name"] == volume["name"]]
    assert (mount["mountPath"], mount["readOnly"]) == (told[environment.CREDENTIALS], True)
    assert volume["secret"]["secretName"] == "keys"
    assert [(one["key"], one["path"]) for one in volume["secret"]["items"]] == [
        ("accessKeyId", "accessKeyId"),
        ("secretAccessKey", "secretAccessKey"),
    ]
    assert not {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} & told.keys(), "what never changes would be used"


def test_the_secrets_files_can_be_read_by_the_collectors_user_alone_and_need_not_be_there() -> None:
    pod = named("Deployment", "risk-collector")["spec"]["template"]["spec"]
    [secret] = [one["secret"] for one in pod["volumes"] if "secret" in one]
    assert (secret["defaultMode"], pod["securityContext"]["fsGroup"]) == (0o440, pod["securityContext"]["runAsGroup"])
    assert secret["optional"] is True


def test_without_a_secret_a_collector_has_no_files_of_it() -> None:
    document = named("Deployment", "risk-collector", world(spec(monitoring={"accuracy": {}})))
    assert environment.CREDENTIALS not in variables(document)
    assert not [one for one in document["spec"]["template"]["spec"]["volumes"] if "secret" in one]


def test_the_collector_is_told_of_the_store_as_stable_knows_it() -> None:
    """A candidate that is served from elsewhere does not take the collector with it."""
    moved = spec(storage={"endpoint": "http://elsewhere:1"}, monitoring={"accuracy": {}})
    here = spec(storage={"endpoint": "http://s3:7070"}, monitoring={"accuracy": {}})
    found = replace(on_trial(Stage.CANARY, of=here), spec=moved)
    assert variables(named("Deployment", "risk-collector", found))[environment.ENDPOINT] == "http://s3:7070"


def test_a_trainer_can_read_what_it_is_told() -> None:
    document = named("Job", "risk-train-1")
    told = variables(document)
    assert parse_request(told[environment.TRAINING_REQUEST]).dataset == "s3://models/risk/train.parquet"
    assert (told[environment.STORE], told[environment.MODEL]) == ("s3://models/team", "risk")
    assert "secretKeyRef" in told["AWS_ACCESS_KEY_ID"]


def test_a_job_is_bounded() -> None:
    document = named("Job", "risk-train-1")
    assert (document["spec"]["backoffLimit"], document["spec"]["activeDeadlineSeconds"]) == (3, 90)
    assert document["spec"]["ttlSecondsAfterFinished"] > 0
    pod = document["spec"]["template"]["spec"]
    assert pod["restartPolicy"] == "Never"
    assert pod["containers"][0]["resources"] == {"limits": {"cpu": "4"}}
    assert pod["containers"][0]["image"] == "mine:1"


@pytest.mark.parametrize(("sample", "told"), [(100, None), (25, "25")])
def test_a_candidate_is_told_how_many_requests_to_ask_for(sample: int, told: str | None) -> None:
    """All is what it asks for by itself: pods of other installations stay what they are."""
    made = spec(rollout={"shadow": {"sample": sample}})
    name = f"risk-{ref('2', made).revision}"
    assert variables(named("Deployment", name, on_trial(Stage.SHADOW, of=made))).get(environment.SHADOW_SAMPLE) == told


def test_a_drain_takes_a_part_of_a_revisions_pods_at_a_time() -> None:
    budget, deployment = named("PodDisruptionBudget", ONE), named("Deployment", ONE)
    assert budget["spec"]["selector"] == deployment["spec"]["selector"]
    assert budget["spec"]["maxUnavailable"] == "25%", "of any number it is one pod at least: no drain hangs"
    assert budget["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
