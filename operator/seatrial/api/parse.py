"""Reading `spec` from the document that the API server sends.

The schema has checked it already; this checks it again, because an object may be older than the schema.
"""

from datetime import timedelta

from seatrial.api.endpoints import REMOTE_RULE, is_remote
from seatrial.api.fields import MILLISECOND, between, decimal, duration, optional_text, resources, section
from seatrial.api.parse_rollout import parse_rollout
from seatrial.api.parse_training import parse_training
from seatrial.api.spec import (
    AccuracyWatch,
    DriftWatch,
    Model,
    Monitoring,
    Route,
    Serving,
    Spec,
    Storage,
)
from seatrial.contract import environment
from seatrial.contract.layout import URI_RULE, InvalidLocationError, parse_location
from seatrial.contract.names import DIGEST_RULE, SEGMENT_RULE, InvalidNameError, check_segment, is_digest
from seatrial.contract.reading import Reader

MAXIMUM_REPLICAS = 1000
LONGEST_DELAY = timedelta(seconds=environment.LONGEST_DELAY)
LONGEST_TIMEOUT = timedelta(seconds=environment.LONGEST_TIMEOUT)


def parse_spec(name: str, document: object) -> Spec:
    """Read the spec of the ModelDeployment `name`; raises DocumentError naming the field that is wrong."""
    reader = Reader(f"ModelDeployment {name}", document, "spec")
    route = section(reader, "route", _route, None)
    return Spec(
        model=_model(reader.object("model"), name),
        storage=section(reader, "storage", _storage, Storage()),
        serving=section(reader, "serving", _serving, Serving()),
        route=route,
        rollout=parse_rollout(reader.object("rollout", optional=True), routed=route is not None),
        monitoring=section(reader, "monitoring", _monitoring, Monitoring()),
        training=section(reader, "training", parse_training, None),
    )


def _model(reader: Reader, default_name: str) -> Model:
    try:
        parse_location(reader.text("store"))
    except InvalidLocationError:
        raise reader.fail("store", URI_RULE) from None
    if (reader.raw("version") is None) == (reader.raw("channel") is None):
        raise reader.fail("version", "exactly one of version and channel")
    digest = optional_text(reader, "digest")
    if digest is not None and not is_digest(digest):
        raise reader.fail("digest", DIGEST_RULE)
    return Model(
        store=reader.text("store"),
        name=_segment(reader, "name") or default_name,
        version=_segment(reader, "version"),
        channel=_segment(reader, "channel"),
        digest=digest,
    )


def _segment(reader: Reader, field: str) -> str | None:
    value = optional_text(reader, field)
    try:
        return None if value is None else check_segment(field, value)
    except InvalidNameError:
        raise reader.fail(field, SEGMENT_RULE) from None


def _storage(reader: Reader) -> Storage:
    secret = reader.object("secretRef").text("name") if reader.raw("secretRef") is not None else None
    endpoint = optional_text(reader, "endpoint")
    if endpoint is not None and not is_remote(endpoint):
        raise reader.fail("endpoint", REMOTE_RULE)
    return Storage(endpoint, optional_text(reader, "region"), secret)


def _serving(reader: Reader) -> Serving:
    batching = reader.object("batching", optional=True)
    default = Serving()
    return Serving(
        replicas=between(reader, "replicas", 0, MAXIMUM_REPLICAS, default.replicas),
        image=optional_text(reader, "image"),
        resources=resources(reader, "resources"),
        maximum_batch=between(batching, "maxSize", 1, 10_000, default.maximum_batch),
        maximum_delay=duration(batching, "maxDelay", default.maximum_delay, at_most=LONGEST_DELAY),
        timeout=duration(reader, "timeout", default.timeout, at_least=MILLISECOND, at_most=LONGEST_TIMEOUT),
    )


def _route(reader: Reader) -> Route:
    gateway = reader.object("gateway")
    return Route(
        gateway=gateway.text("name"),
        gateway_namespace=gateway.text("namespace", ""),
        hostnames=reader.strings("hostnames", ()),
        path=reader.text("path", "/"),
    )


def _monitoring(reader: Reader) -> Monitoring:
    return Monitoring(
        drift=section(reader, "drift", _drift, None),
        accuracy=section(reader, "accuracy", _accuracy, None),
    )


def _drift(reader: Reader) -> DriftWatch:
    default = DriftWatch()
    return DriftWatch(
        threshold=decimal(reader, "threshold", default.threshold),
        window=reader.text("window", default.window),
        minimum_rows=between(reader, "minimumRows", 1, 10_000_000, default.minimum_rows),
    )


def _accuracy(reader: Reader) -> AccuracyWatch:
    default = AccuracyWatch()
    return AccuracyWatch(
        minimum=decimal(reader, "minimum", default.minimum, at_most=1),
        window=reader.text("window", default.window),
        minimum_labels=between(reader, "minimumLabels", 1, 10_000_000, default.minimum_labels),
    )
