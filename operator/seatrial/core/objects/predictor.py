"""A revision's objects: its kept recipe, its Deployment and its Service."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from seatrial.contract import environment, http, labels
from seatrial.core.objects.common import (
    COLLECTOR_SUFFIX,
    SHADOW_SUFFIX,
    Document,
    base_labels,
    container_security,
    credential_variables,
    owned,
    pod_security,
    probes,
    revision_name,
    scratch,
    service_host,
    store_variables,
    variables,
)
from seatrial.core.observed import Observed
from seatrial.core.recipe import Recipe

# Long enough for endpoints to be known everywhere: a Service's rules follow its endpoints by a second or two.
MINIMUM_READY_SECONDS = 3
# Pods leave every load balancer while they still answer, then finish what they have.
PRE_STOP_SECONDS, GRACE_SECONDS = 5, 40
ALL = 100  # percent
MOST_DRAINED = "25%"
DEFAULT_RESOURCES: Mapping[str, Any] = {
    "requests": {"cpu": "100m", "memory": "256Mi"},
    "limits": {"memory": "1Gi"},
}


def revision_objects(observed: Observed, recipe: Recipe, replicas: int) -> list[Document]:
    """Return everything that a revision needs to serve."""
    return [
        _kept_recipe(observed, recipe),
        _service(observed, recipe),
        _disruption_budget(observed, recipe),
        _deployment(observed, recipe, replicas),
    ]


def selector(name: str, revision: str | None) -> dict[str, str]:
    """Return the labels that choose predictor pods: of one revision, or of all."""
    chosen = {labels.MODEL: name, labels.COMPONENT: labels.PREDICTOR}
    return chosen if revision is None else {**chosen, labels.REVISION: revision}


def _extra(recipe: Recipe) -> dict[str, str]:
    return {
        labels.COMPONENT: labels.PREDICTOR,
        labels.REVISION: recipe.revision,
        labels.VERSION: recipe.version,
    }


def _kept_recipe(observed: Observed, recipe: Recipe) -> Document:
    name = revision_name(observed.key.name, recipe.revision)
    head = owned(observed, "apps/v1", "ControllerRevision", name, _extra(recipe))
    return {**head, "revision": 1, "data": asdict(recipe)}


def _service(observed: Observed, recipe: Recipe) -> Document:
    name = revision_name(observed.key.name, recipe.revision)
    ports = [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}]
    spec = {"selector": selector(observed.key.name, recipe.revision), "ports": ports}
    return {**owned(observed, "v1", "Service", name, _extra(recipe)), "spec": spec}


def _disruption_budget(observed: Observed, recipe: Recipe) -> Document:
    """A drain takes a few pods at a time. It is rounded up, so that a single pod holds up nobody's drain."""
    name = revision_name(observed.key.name, recipe.revision)
    spec = {
        "maxUnavailable": MOST_DRAINED,
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
        "selector": {"matchLabels": selector(observed.key.name, recipe.revision)},
    }
    return {**owned(observed, "policy/v1", "PodDisruptionBudget", name, _extra(recipe)), "spec": spec}


def _deployment(observed: Observed, recipe: Recipe, replicas: int) -> Document:
    name = revision_name(observed.key.name, recipe.revision)
    spec = {
        "replicas": replicas,
        "minReadySeconds": MINIMUM_READY_SECONDS,
        "revisionHistoryLimit": 0,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "selector": {"matchLabels": selector(observed.key.name, recipe.revision)},
        "template": {"metadata": _pod_metadata(observed, recipe), "spec": _pod(observed, recipe)},
    }
    return {**owned(observed, "apps/v1", "Deployment", name, _extra(recipe)), "spec": spec}


def _pod_metadata(observed: Observed, recipe: Recipe) -> Document:
    return {
        "labels": {**base_labels(observed.key.name), **_extra(recipe)},
        "annotations": {
            "prometheus.io/scrape": "true",
            "prometheus.io/port": str(http.PREDICTOR_PORT),
            "prometheus.io/path": http.METRICS_PATH,
            labels.SCRAPE_DRIFT: "true",
        },
    }


def _pod(observed: Observed, recipe: Recipe) -> Document:
    volume, mount = scratch("scratch", "/tmp", "2Gi")  # noqa: S108 - the container's own, bounded volume
    return {
        **pod_security(),
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "volumes": [volume],
        "containers": [
            {
                "name": labels.PREDICTOR,
                "image": recipe.image,
                "imagePullPolicy": "IfNotPresent",
                "command": ["python", "-m", "seatrial_runtime.predictor"],
                "env": _environment(observed, recipe),
                "ports": [{"name": "http", "containerPort": http.PREDICTOR_PORT, "protocol": "TCP"}],
                "resources": recipe.resources or DEFAULT_RESOURCES,
                "securityContext": container_security(),
                "volumeMounts": [mount],
                "lifecycle": {"preStop": {"sleep": {"seconds": PRE_STOP_SECONDS}}},
                **probes(http.READY_PATH, http.LIVE_PATH),
            }
        ],
    }


def _environment(observed: Observed, recipe: Recipe) -> list[Document]:
    key = observed.key
    collector = f"http://{service_host(key.name + COLLECTOR_SUFFIX, key.namespace)}"
    plain = variables(
        {
            environment.NAMESPACE: key.namespace,
            environment.NAME: key.name,
            environment.REVISION: recipe.revision,
            environment.VERSION: recipe.version,
            environment.DIGEST: recipe.digest,
            environment.MAXIMUM_BATCH: str(recipe.maximum_batch),
            environment.MAXIMUM_DELAY: f"{recipe.maximum_delay:g}",
            environment.TIMEOUT: f"{recipe.timeout:g}",
            environment.SHADOW_SAMPLE: str(recipe.shadow_sample) if recipe.shadow_sample < ALL else None,
            environment.SHADOW_HOST: service_host(key.name + SHADOW_SUFFIX, key.namespace),
            environment.COLLECTOR_URL: collector if recipe.collects else None,
        }
    )
    pod_ip = {"name": environment.POD_IP, "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}
    return [*plain, *store_variables(recipe), *credential_variables(recipe), pod_ip]
