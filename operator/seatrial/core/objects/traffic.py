"""The objects that carry traffic: the Service that clients use, the shadow's Service, the HTTPRoute."""

from seatrial.api.spec import Route
from seatrial.api.status import Stage, Status
from seatrial.contract import http, labels
from seatrial.core.objects.common import SHADOW_SUFFIX, Document, owned, revision_name
from seatrial.core.objects.predictor import selector
from seatrial.core.observed import Observed
from seatrial.core.plan import Plan

GATEWAY_API = "gateway.networking.k8s.io/v1"


def client_service(observed: Observed, stable: str, plan: Plan, *, has_route: bool) -> Document:
    """Return the Service `<name>`: stable's pods, and without a route a canary's pods beside them."""
    shared = not has_route and sum(weight > 0 for weight in plan.weights.values()) > 1
    spec = {
        "selector": selector(observed.key.name, None if shared else stable),
        "ports": [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}],
    }
    head = owned(observed, "v1", "Service", observed.key.name, {labels.COMPONENT: labels.PREDICTOR})
    return {**head, "spec": spec}


def shadow_service(observed: Observed, status: Status) -> list[Document]:
    """Return the headless Service by which stable's pods find the candidate's; it exists only in the shadow stage."""
    if status.trial is None or status.trial.stage is not Stage.SHADOW:
        return []
    name, candidate = observed.key.name, status.trial.candidate.revision
    spec = {
        "clusterIP": "None",
        "selector": selector(name, candidate),
        "ports": [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}],
    }
    head = owned(observed, "v1", "Service", name + SHADOW_SUFFIX, {labels.COMPONENT: labels.PREDICTOR})
    return [{**head, "spec": spec}]


def http_route(observed: Observed, route: Route, plan: Plan) -> Document:
    """Return the HTTPRoute with the exact weights of the revisions' Services."""
    name = observed.key.name
    parents = [_parent(route.gateway, route.gateway_namespace), *_until_accepted(observed, route)]
    backends = [
        {"group": "", "kind": "Service", "name": revision_name(name, revision), "port": 80, "weight": weight}
        for revision, weight in plan.weights.items()
    ]
    rules = [_rule(route.path.rstrip("/"), public, backends) for public in http.PUBLIC_PATHS]
    spec = {"parentRefs": parents, "hostnames": list(route.hostnames), "rules": rules}
    return {**owned(observed, GATEWAY_API, "HTTPRoute", name, {}), "spec": spec}


def _parent(gateway: str, namespace: str) -> Document:
    parent = {"name": gateway, "group": "gateway.networking.k8s.io", "kind": "Gateway"}
    return {**parent, "namespace": namespace} if namespace else parent


def _until_accepted(observed: Observed, route: Route) -> list[Document]:
    """Return the gateways that had the traffic before: they keep it until the wanted one has taken the route."""
    if observed.route is None or observed.route.accepted:
        return []
    wanted = (route.gateway_namespace or observed.key.namespace, route.gateway)
    return [_parent(name, namespace) for namespace, name in observed.route.gateways if (namespace, name) != wanted]


def _rule(prefix: str, public: str, backends: list[Document]) -> Document:
    """Return the rule for one of a predictor's public paths below a prefix, of which the predictor knows nothing."""
    rule = {"matches": [{"path": {"type": "PathPrefix", "value": prefix + public}}], "backendRefs": backends}
    if not prefix:
        return rule
    stripped = {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": public}}
    return {**rule, "filters": [{"type": "URLRewrite", "urlRewrite": stripped}]}
