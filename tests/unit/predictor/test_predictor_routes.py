import pytest

from seatrial_runtime.predictor.routes import POSTED, Endpoint, Route, route


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v2", Route(Endpoint.SERVER)),
        ("/v2/health/live", Route(Endpoint.LIVE)),
        ("/v2/health/ready", Route(Endpoint.READY)),
        ("/v2/models/risk", Route(Endpoint.V2_METADATA, "risk")),
        ("/v2/models/risk/ready", Route(Endpoint.V2_READY, "risk")),
        ("/v2/models/risk/infer", Route(Endpoint.V2_INFER, "risk")),
        ("/v2/models/risk/versions/7", Route(Endpoint.V2_METADATA, "risk", "7")),
        ("/v2/models/risk/versions/7/ready", Route(Endpoint.V2_READY, "risk", "7")),
        ("/v2/models/risk/versions/7/infer", Route(Endpoint.V2_INFER, "risk", "7")),
        ("/v1/models/risk", Route(Endpoint.V1_STATUS, "risk")),
        ("/v1/models/risk:predict", Route(Endpoint.V1_PREDICT, "risk")),
        ("/metrics", Route(Endpoint.METRICS)),
        ("/metrics/drift", Route(Endpoint.DRIFT_METRICS)),
        ("/internal/shadow", Route(Endpoint.SHADOW)),
    ],
)
def test_a_path_means_one_thing(path: str, expected: Route) -> None:
    assert route(path) == expected


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/v2/",
        "/v2/models",
        "/v2/models/risk/",
        "/v2/models/risk/infer/",
        "/v2/models/risk/explain",
        "/v2/models/risk/versions/7/infer/x",
        "/v2/models/risk/../other/infer",
        "/v1/models/risk:explain/x",
        "/v1/models/a/b:predict",
        "/metrics/",
        "/internal",
        "/V2",
    ],
)
def test_nothing_else_means_anything(path: str) -> None:
    assert route(path) is None


def test_only_predictions_are_posted() -> None:
    assert {Endpoint.SHADOW, Endpoint.V1_PREDICT, Endpoint.V2_INFER} == POSTED
