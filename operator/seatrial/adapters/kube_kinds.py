"""Where each kind of object stands in the Kubernetes API. A kind that is not here is never asked for."""

from seatrial.api import API_VERSION, GROUP, KIND, PLURAL
from seatrial.ports import Document

MODEL_API = f"{GROUP}/{API_VERSION}"
AUTOSCALER_API, AUTOSCALER = "autoscaling/v2", "HorizontalPodAutoscaler"
ROUTE_API = "gateway.networking.k8s.io/v1"

_PLURALS = {
    ("v1", "ConfigMap"): "configmaps",
    ("v1", "Event"): "events",
    ("v1", "PersistentVolumeClaim"): "persistentvolumeclaims",
    ("v1", "Pod"): "pods",
    ("v1", "Secret"): "secrets",
    ("v1", "Service"): "services",
    ("apps/v1", "ControllerRevision"): "controllerrevisions",
    ("apps/v1", "Deployment"): "deployments",
    ("batch/v1", "Job"): "jobs",
    (AUTOSCALER_API, AUTOSCALER): "horizontalpodautoscalers",
    ("policy/v1", "PodDisruptionBudget"): "poddisruptionbudgets",
    ("coordination.k8s.io/v1", "Lease"): "leases",
    (ROUTE_API, "HTTPRoute"): "httproutes",
    (MODEL_API, KIND): PLURAL,
}


def plural(api_version: str, kind: str) -> str:
    """Return the resource name of a kind, such as `deployments`; ValueError for one that Seatrial does not use."""
    try:
        return _PLURALS[api_version, kind]
    except KeyError:
        raise ValueError(f"{api_version} {kind} is no kind that Seatrial asks for; add it to kube_kinds") from None


def collection_path(api_version: str, kind: str, namespace: str | None) -> str:
    """Return the path of all objects of a kind, in one namespace or (None) in all."""
    root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
    place = f"/namespaces/{namespace}" if namespace is not None else ""
    return f"{root}{place}/{plural(api_version, kind)}"


def object_path(document: Document) -> str:
    """Return the path of one namespaced object, named by its document."""
    metadata = document["metadata"]
    collection = collection_path(document["apiVersion"], document["kind"], metadata["namespace"])
    return f"{collection}/{metadata['name']}"


def described(document: Document) -> str:
    """Return an object's kind and place for people: `Deployment ml/risk`."""
    metadata = document["metadata"]
    return f"{document['kind']} {metadata.get('namespace', '')}/{metadata['name']}"
