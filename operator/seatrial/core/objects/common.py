"""What all owned objects share: names, labels, owner, and pods that may do nothing but their work."""

from collections.abc import Mapping
from typing import Any

from seatrial.api import API_VERSION, GROUP, KIND
from seatrial.contract import environment, labels
from seatrial.core.observed import Observed
from seatrial.core.recipe import Recipe

Document = dict[str, Any]
SHADOW_SUFFIX, COLLECTOR_SUFFIX, CLAIM_SUFFIX = "-shadow", "-collector", "-claim"


def revision_name(name: str, revision: str) -> str:
    """Return the name of a revision's Deployment, Service and ControllerRevision."""
    return f"{name}-{revision}"


def service_host(name: str, namespace: str) -> str:
    """Return the DNS name of a Service, whatever the cluster's domain is."""
    return f"{name}.{namespace}.svc"


def owned(observed: Observed, api_version: str, kind: str, name: str, extra: Mapping[str, str]) -> Document:
    """Return the head of an object that belongs to the ModelDeployment and goes with it."""
    key = observed.key
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": key.namespace,
            "labels": {**base_labels(key.name), **extra},
            "ownerReferences": [
                {
                    "apiVersion": f"{GROUP}/{API_VERSION}",
                    "kind": KIND,
                    "name": key.name,
                    "uid": observed.uid,
                    "controller": True,
                }
            ],
        },
    }


def base_labels(name: str) -> dict[str, str]:
    """Return the labels of everything that belongs to a ModelDeployment."""
    return {
        labels.MODEL: name,
        "app.kubernetes.io/name": "seatrial",
        "app.kubernetes.io/instance": name,
        "app.kubernetes.io/managed-by": "seatrial",
    }


def variables(values: Mapping[str, str | None]) -> list[Document]:
    """Return environment variables, without those that have no value."""
    return [{"name": name, "value": value} for name, value in values.items() if value is not None]


def store_variables(recipe: Recipe) -> list[Document]:
    """Return the variables that say where the store is."""
    return variables(
        {
            environment.STORE: recipe.store,
            environment.MODEL: recipe.model,
            environment.ENDPOINT: recipe.endpoint,
            environment.REGION: recipe.region,
        }
    )


def credential_variables(recipe: Recipe) -> list[Document]:
    """Return the credentials as they are when a container starts; none where its own identity is to be used.

    That is enough for predictors and trainers, which read them once; files would replace each predictor that runs.
    """
    if recipe.secret is None:
        return []
    return [
        _from_secret("AWS_ACCESS_KEY_ID", recipe.secret, environment.ACCESS_KEY),
        _from_secret("AWS_SECRET_ACCESS_KEY", recipe.secret, environment.SECRET_KEY),
    ]


def _from_secret(variable: str, secret: str, key: str) -> Document:
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}


def pod_security() -> Document:
    """Return the fields of a pod that give it no rights."""
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "runAsGroup": 65532,
            "fsGroup": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }


def container_security() -> Document:
    """Return the security context of a container that needs nothing."""
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def scratch(name: str, path: str, size: str) -> tuple[Document, Document]:
    """Return a bounded scratch volume and its mount."""
    return {"name": name, "emptyDir": {"sizeLimit": size}}, {"name": name, "mountPath": path}


def probes(ready_path: str, live_path: str) -> Document:
    """Return the probes of a container whose port is named http."""
    ready = {"path": ready_path, "port": "http"}
    live = {"path": live_path, "port": "http"}
    return {
        "readinessProbe": {"httpGet": ready, "periodSeconds": 1, "timeoutSeconds": 2, "failureThreshold": 3},
        "livenessProbe": {"httpGet": live, "periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 3},
    }
