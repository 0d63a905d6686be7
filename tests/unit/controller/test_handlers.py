"""What kopf is told to do: watch, tell, and touch nothing."""

from typing import Any

import kopf

from seatrial.adapters.kube_kinds import AUTOSCALER, plural
from seatrial.api import KIND
from seatrial.contract.labels import MODEL
from seatrial.controller import handlers
from seatrial.controller.resync import WATCHED
from seatrial.ports import Document


def test_every_kind_that_is_listed_is_watched_and_only_watched() -> None:
    registry = handlers._registry(lambda document, deleted: None)
    watched = {handler.selector.plural or handler.selector.any_name for handler in _all(registry._watching)}
    assert watched == {plural(api_version, kind) for api_version, kind, _ in WATCHED}
    for writing in (registry._changing, registry._spawning, registry._indexing, registry._webhooks):
        assert not _all(writing), "these write annotations or finalizers, or grow without bound"


def test_objects_of_others_are_left_out_by_the_api_server() -> None:
    settings = handlers._settings()
    for api_version, kind, _ in WATCHED:
        resource = handlers._resource(api_version, kind)
        selector = settings.watching.label_selectors.get(resource)
        assert selector == (None if kind in (KIND, AUTOSCALER) else MODEL)


def test_watches_do_not_go_deaf_and_post_nothing() -> None:
    settings = handlers._settings()
    assert settings.watching.server_timeout == 600
    assert settings.watching.connect_timeout == 10
    assert settings.networking.request_timeout == 60
    assert not settings.posting.enabled


async def test_what_was_seen_is_told_with_its_kind() -> None:
    told: list[tuple[Document, bool]] = []
    see = handlers._seer(lambda document, deleted: told.append((document, deleted)), "v1", "Service")
    metadata = {"name": "risk"}
    await see(event={"type": None, "object": {"metadata": metadata}}, more="arguments")
    await see(event={"type": "DELETED", "object": {"apiVersion": "v1", "kind": "Service", "metadata": metadata}})
    whole = {"apiVersion": "v1", "kind": "Service", "metadata": metadata}
    assert told == [(whole, False), (whole, True)]


def _all(registry: Any) -> list[Any]:
    return list(registry.get_all_handlers())


def test_the_registry_is_no_global_one() -> None:
    assert handlers._registry(lambda document, deleted: None) is not kopf.get_default_registry()
