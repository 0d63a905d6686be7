"""The objects that carry traffic: the Service that clients use, the shadow's Service, the HTTPRoute."""

from functools import partial

from seatrial.api.spec import Route
from seatrial.api.status import Stage, Status
from seatrial.contract import http, labels
from seatrial.core.addresses import ANY_HOST, claim, served_at
from seatrial.core.objects.common import CLAIM_SUFFIX, SHADOW_SUFFIX, Document, owned, revision_name
from seatrial.core.objects.predictor import selector
from seatrial.core.observed import Observed
from seatrial.core.plan import Plan

GATEWAY_API = "gateway.networking.k8s.io/v1"


def client_service(observed: Observed, stable: str, plan: Plan, *, has_route: bool) -> Document:
    """Return the Service `<name>`: stable's pods, and without a route a canary's pods beside them.

    It also remembers the last valid spec: it is there as long as anything serves.
    """
    shared = not has_route and sum(weight > 0 for weight in plan.weights.values()) > 1
    spec = {
        "selector": selector(observed.key.name, None if shared else stable),
        "ports": [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}],
    }
    head = owned(observed, "v1", "Service", observed.key.name, {labels.COMPONENT: labels.PREDICTOR})
    annotations = {labels.LAST_VALID_SPEC: observed.last_spec_text} if observed.last_spec_text else {}
    return {**head, "metadata": {**head["metadata"], "annotations": annotations}, "spec": spec}


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


def http_routes(observed: Observed, route: Route, plan: Plan, *, sticky: bool) -> list[Document]:
    """Return the HTTPRoute where callers are served, and the one that claims where they should be too.

    Both have the exact weights of the revisions' Services. `sticky` callers, who send back which revision answered
    them, stay with it while two share the traffic.
    """
    parent, asked = _parent(route.gateway, route.gateway_namespace), claim(observed.route, route)
    rules = partial(_rules, observed.key.name, plan, sticky=sticky)
    at, before = served_at(observed.route, route), _until_accepted(observed, route)
    made = [_http_route(observed, observed.key.name, at, [parent, *before], rules(at.path))]
    if asked is not None:
        made.append(_http_route(observed, observed.key.name + CLAIM_SUFFIX, asked, [parent], rules(asked.path)))
    return made


def _http_route(observed: Observed, name: str, at: Route, parents: list[Document], rules: list[Document]) -> Document:
    hostnames = [host for host in at.hostnames if host != ANY_HOST]
    spec = {"parentRefs": parents, "hostnames": hostnames, "rules": rules}
    return {**owned(observed, GATEWAY_API, "HTTPRoute", name, {}), "spec": spec}


def _rules(name: str, plan: Plan, path: str, *, sticky: bool) -> list[Document]:
    prefix = path.rstrip("/")
    backends = [_backend(name, revision, weight) for revision, weight in plan.weights.items()]
    rules = [_rule(prefix, public, backends) for public in http.PUBLIC_PATHS]
    shared = [revision for revision, weight in plan.weights.items() if weight]
    for revision in shared if sticky and len(shared) > 1 else ():
        rules += [_rule(prefix, public, [_backend(name, revision, 1)], revision) for public in http.PUBLIC_PATHS]
    return rules


def _parent(gateway: str, namespace: str) -> Document:
    parent = {"name": gateway, "group": "gateway.networking.k8s.io", "kind": "Gateway"}
    return {**parent, "namespace": namespace} if namespace else parent


def _until_accepted(observed: Observed, route: Route) -> list[Document]:
    """Return the gateways that had the traffic before: they keep it until the wanted one has taken the route."""
    if observed.route is None or observed.route.accepted:
        return []
    wanted = (route.gateway_namespace or observed.key.namespace, route.gateway)
    return [_parent(name, namespace) for namespace, name in observed.route.gateways if (namespace, name) != wanted]


def _backend(name: str, revision: str, weight: int) -> Document:
    return {"group": "", "kind": "Service", "name": revision_name(name, revision), "port": 80, "weight": weight}


def _rule(prefix: str, public: str, backends: list[Document], revision: str = "") -> Document:
    """Return the rule for one of a predictor's public paths below a prefix, of which the predictor knows nothing.

    With a `revision` it is for those who were answered by it.
    """
    match: Document = {"path": {"type": "PathPrefix", "value": prefix + public}}
    if revision:
        match["headers"] = [{"type": "Exact", "name": http.REVISION, "value": revision}]
    rule: Document = {"matches": [match], "backendRefs": backends}
    if not prefix:
        return rule
    stripped = {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": public}}
    return {**rule, "filters": [{"type": "URLRewrite", "urlRewrite": stripped}]}
