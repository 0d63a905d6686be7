"""Requests to the API server: their paths, and what its answers mean."""

import pytest

from seatrial.adapters.kube_client import _document, _own_words, error_for
from seatrial.adapters.kube_kinds import MODEL_API, ROUTE_API, collection_path, object_path
from seatrial.ports import AbsentError, ClusterError, ConflictError, RefusedError, UnavailableError


@pytest.mark.parametrize(
    ("api_version", "kind", "path"),
    [
        ("v1", "Service", "/api/v1/namespaces/ml/services/risk"),
        ("apps/v1", "Deployment", "/apis/apps/v1/namespaces/ml/deployments/risk"),
        ("batch/v1", "Job", "/apis/batch/v1/namespaces/ml/jobs/risk"),
        (ROUTE_API, "HTTPRoute", "/apis/gateway.networking.k8s.io/v1/namespaces/ml/httproutes/risk"),
        (MODEL_API, "ModelDeployment", "/apis/seatrial.dev/v1alpha1/namespaces/ml/modeldeployments/risk"),
    ],
)
def test_an_objects_path(api_version: str, kind: str, path: str) -> None:
    document = {"apiVersion": api_version, "kind": kind, "metadata": {"namespace": "ml", "name": "risk"}}
    assert object_path(document) == path
    assert collection_path(api_version, kind, None) == path.replace("/namespaces/ml", "").removesuffix("/risk")


def test_a_kind_that_is_not_used_is_refused() -> None:
    with pytest.raises(ValueError, match="ClusterRole"):
        collection_path("rbac.authorization.k8s.io/v1", "ClusterRole", None)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RefusedError),
        (401, RefusedError),
        (403, RefusedError),
        (404, AbsentError),
        (409, ConflictError),
        (422, RefusedError),
        (429, UnavailableError),
        (500, UnavailableError),
        (504, UnavailableError),
    ],
)
def test_what_a_status_means(status: int, kind: type[ClusterError]) -> None:
    assert type(error_for(status, "message")) is kind


def test_errors_are_told_in_the_api_servers_own_words() -> None:
    assert _own_words(b'{"kind": "Status", "message": "quota exceeded"}') == "quota exceeded"
    assert _own_words(b"<html>bad gateway") == "<html>bad gateway"
    assert _own_words(b"") == "no reason was given"
    assert len(_own_words(b"x" * 10_000)) <= 300


@pytest.mark.parametrize("body", [b"<html>login</html>", b"[]", b""])
def test_an_answer_that_is_no_object(body: bytes) -> None:
    with pytest.raises(UnavailableError, match="no JSON object"):
        _document("GET /x", body)
