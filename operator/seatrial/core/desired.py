"""All objects that a plan wants, in the order in which they are applied, and those that are no longer wanted."""

from collections.abc import Collection

from seatrial.api.spec import Spec
from seatrial.api.status import Status
from seatrial.core.decision import Removal
from seatrial.core.objects.collector import collector_objects
from seatrial.core.objects.common import COLLECTOR_SUFFIX, Document, revision_name
from seatrial.core.objects.predictor import revision_objects
from seatrial.core.objects.traffic import client_service, http_routes, shadow_service
from seatrial.core.objects.trainer import training_job
from seatrial.core.observed import Observed
from seatrial.core.plan import Plan
from seatrial.core.stages import kept, pods_of
from seatrial.core.training import request

# Jobs end by themselves, and their logs are wanted for a while.
LEFT_ALONE = frozenset({"Job"})
REVISION_KINDS = ("ControllerRevision", "Service", "PodDisruptionBudget", "Deployment")


def desired_objects(observed: Observed, spec: Spec, status: Status, plan: Plan) -> tuple[Document, ...]:
    """Return every object that should be, Services before what sends traffic to them."""
    return (
        *_revisions(observed, plan),
        *shadow_service(observed, status),
        *_traffic(observed, spec, status, plan),
        *_collector(observed, spec, status, plan),
        *_job(observed, spec, status, plan),
    )


def removals(
    observed: Observed, spec: Spec, status: Status, objects: tuple[Document, ...], sent: Collection[str]
) -> tuple[Removal, ...]:
    """Return the owned objects that nothing wants.

    Those of revisions that are kept, have just retired, or are `sent` traffic by the gateway stay.
    """
    wanted = {(o["apiVersion"], o["kind"], o["metadata"]["name"]) for o in objects}
    unwanted = [one for one in sorted(observed.objects - wanted) if one[1] not in LEFT_ALONE]
    staying = _staying(observed, spec, status, sent)
    if status.stable is not None:
        return tuple(Removal(*one) for one in unwanted if one[1:] not in staying)
    # A status that was lost says nothing of what serves: then only what a trial has left behind may go.
    left = {revision_name(observed.key.name, ended.revision) for ended in status.history}
    return tuple(Removal(*one) for one in unwanted if one[1:] not in staying and one[2] in left)


def _staying(observed: Observed, spec: Spec, status: Status, sent: Collection[str]) -> set[tuple[str, str]]:
    """Return (kind, name) of what stays although it is not applied now; recipes of rejected revisions are evidence."""
    revisions = [ref.revision for ref in kept(status)] + [retired.revision for retired in status.retiring] + [*sent]
    staying = {(kind, revision_name(observed.key.name, one)) for one in revisions for kind in REVISION_KINDS}
    staying |= {("ControllerRevision", revision_name(observed.key.name, one.revision)) for one in status.rejected}
    collector = observed.key.name + COLLECTOR_SUFFIX
    return staying | ({("Service", collector), ("Deployment", collector)} if spec.collects else set())


def _revisions(observed: Observed, plan: Plan) -> list[Document]:
    """A revision whose recipe is not known is left as it is."""
    known = [(plan.recipes[revision], count) for revision, count in plan.replicas.items() if revision in plan.recipes]
    return [one for recipe, replicas in known for one in revision_objects(observed, recipe, replicas)]


def _traffic(observed: Observed, spec: Spec, status: Status, plan: Plan) -> list[Document]:
    if status.stable is None:
        return []
    service = client_service(observed, status.stable.revision, plan, has_route=spec.route is not None)
    if spec.route is None:
        return [service]
    serves = pods_of(observed, status.stable.revision).available > 0
    sticky = spec.rollout.canary is not None and spec.rollout.canary.sticky
    routes = http_routes(observed, spec.route, plan, sticky=sticky)
    return [service, *routes] if serves or observed.route is not None else [service]


def _collector(observed: Observed, spec: Spec, status: Status, plan: Plan) -> list[Document]:
    recipe = plan.recipes.get(kept(status)[0].revision) if kept(status) else None
    return collector_objects(observed, recipe) if spec.collects and recipe is not None else []


def _job(observed: Observed, spec: Spec, status: Status, plan: Plan) -> list[Document]:
    asked = request(observed, spec, status)
    recipe = plan.recipes.get(status.stable.revision) if status.stable is not None else None
    if asked is None or recipe is None or spec.training is None:
        return []
    return [training_job(observed, spec.training, asked, recipe)]
