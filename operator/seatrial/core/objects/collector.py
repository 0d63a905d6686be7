"""The collector of a ModelDeployment: it has the model's own credentials and sees no other model's data."""

from seatrial.contract import environment, http, labels
from seatrial.core.objects.common import (
    COLLECTOR_SUFFIX,
    Document,
    base_labels,
    container_security,
    owned,
    pod_security,
    probes,
    scratch,
    store_variables,
    variables,
)
from seatrial.core.observed import Observed
from seatrial.core.recipe import Recipe

COMPONENT = {labels.COMPONENT: labels.COLLECTOR}
RESOURCES = {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}}
GRACE_SECONDS = 30
CREDENTIALS_PATH = "/credentials"


def collector_objects(observed: Observed, recipe: Recipe) -> list[Document]:
    """Return the collector's Service and Deployment; the recipe says where the store is."""
    name = observed.key.name + COLLECTOR_SUFFIX
    chosen = {labels.MODEL: observed.key.name, **COMPONENT}
    ports = [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}]
    service = {"selector": chosen, "ports": ports}
    deployment = {
        "replicas": 1,
        # Two collectors would each see half of the predictions and labels.
        "strategy": {"type": "Recreate"},
        "revisionHistoryLimit": 0,
        "selector": {"matchLabels": chosen},
        "template": {"metadata": _pod_metadata(observed), "spec": _pod(observed, recipe)},
    }
    return [
        {**owned(observed, "v1", "Service", name, COMPONENT), "spec": service},
        {**owned(observed, "apps/v1", "Deployment", name, COMPONENT), "spec": deployment},
    ]


def _pod_metadata(observed: Observed) -> Document:
    return {
        "labels": {**base_labels(observed.key.name), **COMPONENT},
        "annotations": {
            "prometheus.io/scrape": "true",
            "prometheus.io/port": str(http.COLLECTOR_PORT),
            "prometheus.io/path": http.METRICS_PATH,
        },
    }


def _pod(observed: Observed, recipe: Recipe) -> Document:
    data, data_mount = scratch("data", "/data", "4Gi")
    temporary, temporary_mount = scratch("scratch", "/tmp", "1Gi")  # noqa: S108 - the container's own, bounded volume
    credentials, credentials_mount = _credentials(recipe.secret)
    told = {
        environment.NAMESPACE: observed.key.namespace,
        environment.NAME: observed.key.name,
        environment.CREDENTIALS: CREDENTIALS_PATH if credentials else None,
    }
    return {
        **pod_security(),
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "volumes": [data, temporary, *credentials],
        "containers": [
            {
                "name": "collector",
                "image": observed.defaults.runtime_image,
                "imagePullPolicy": "IfNotPresent",
                "command": ["python", "-m", "seatrial_runtime.collector"],
                "env": [*variables(told), *store_variables(recipe)],
                "ports": [{"name": "http", "containerPort": http.COLLECTOR_PORT, "protocol": "TCP"}],
                "resources": RESOURCES,
                "securityContext": container_security(),
                "volumeMounts": [data_mount, temporary_mount, *credentials_mount],
                **probes(http.READY_PATH, http.LIVE_PATH),
            }
        ],
    }


def _credentials(secret: str | None) -> tuple[list[Document], list[Document]]:
    """Return the Secret's volume and its mount: files follow the Secret, where variables follow the pod.

    Optional, because a collector without credentials keeps the rows that it takes, and says what is missing.
    """
    if secret is None:
        return [], []
    items = [{"key": key, "path": key} for key in (environment.ACCESS_KEY, environment.SECRET_KEY)]
    source = {"secretName": secret, "items": items, "optional": True, "defaultMode": 0o440}
    mount = {"name": "credentials", "mountPath": CREDENTIALS_PATH, "readOnly": True}
    return [{"name": "credentials", "secret": source}], [mount]
