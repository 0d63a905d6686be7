"""A training Job."""

from seatrial.api.spec import Training
from seatrial.contract import environment, labels
from seatrial.contract.training import Request
from seatrial.core.objects.common import (
    Document,
    base_labels,
    container_security,
    credential_variables,
    owned,
    pod_security,
    scratch,
    store_variables,
    variables,
)
from seatrial.core.observed import Observed
from seatrial.core.recipe import Recipe

COMPONENT = {labels.COMPONENT: labels.TRAINER}
DEFAULT_RESOURCES = {"requests": {"cpu": "500m", "memory": "512Mi"}, "limits": {"memory": "4Gi"}}
KEPT_SECONDS = 24 * 3600  # how long an ended Job and its log stay


def training_job(observed: Observed, training: Training, request: Request, recipe: Recipe) -> Document:
    """Return the Job; its name is its identity, so that applying it twice makes one."""
    volume, mount = scratch("scratch", "/tmp", "10Gi")  # noqa: S108 - the container's own, bounded volume
    identity = {
        environment.NAMESPACE: observed.key.namespace,
        environment.NAME: observed.key.name,
        environment.TRAINING_REQUEST: request.encode(),
    }
    container = {
        "name": "trainer",
        "image": recipe.image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python", "-m", "seatrial_runtime.trainer"],
        "env": [*variables(identity), *store_variables(recipe), *credential_variables(recipe)],
        "resources": training.job.resources or DEFAULT_RESOURCES,
        "securityContext": container_security(),
        "volumeMounts": [mount],
    }
    pod = {**pod_security(), "restartPolicy": "Never", "volumes": [volume], "containers": [container]}
    spec = {
        "backoffLimit": training.job.backoff_limit,
        "activeDeadlineSeconds": max(1, round(training.job.active_deadline.total_seconds())),
        "ttlSecondsAfterFinished": KEPT_SECONDS,
        "template": {"metadata": {"labels": {**base_labels(observed.key.name), **COMPONENT}}, "spec": pod},
    }
    return {**owned(observed, "batch/v1", "Job", request.job, COMPONENT), "spec": spec}
