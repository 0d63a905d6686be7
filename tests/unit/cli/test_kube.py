"""The real cluster behind the command line, against an API server of a few lines: requests, bounds, and errors."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from kubernetes.client import ApiClient, Configuration

from seatrial.cli import kube
from seatrial.cli.kube import KubeModelDeployments
from seatrial.ports import AbsentError, ClusterError, ConflictError, RefusedError, UnavailableError
from tests.unit.cli.worlds import document

PATH = "/apis/seatrial.dev/v1alpha1/namespaces/ml/modeldeployments"
Answer = tuple[int, bytes]


class Server:
    """Gives `answers`, one a request, and keeps what was asked: (method and path, content type, body)."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.asked: list[tuple[str, str, bytes]] = []
        self.hangs = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                server.asked.append((f"{self.command} {self.path}", self.headers.get("Content-Type", ""), body))
                if not server.answers:
                    server.hangs.wait(10)
                    return
                status, data = server.answers.pop(0)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_PATCH = answer  # noqa: N815 - the library's names

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self.hangs.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def models(server: Server) -> Iterator[KubeModelDeployments]:
    yield from reached(server.host)


def reached(host: str) -> Iterator[KubeModelDeployments]:
    configuration = Configuration()
    configuration.host, configuration.retries = host, False
    with ApiClient(configuration) as api:
        yield KubeModelDeployments(api, "ml")


def said(*values: Any) -> bytes:
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def status(code: int, message: str, **details: str) -> Answer:
    return code, said({"kind": "Status", "code": code, "message": message, "details": details})


def test_one_is_read_by_its_name(server: Server, models: KubeModelDeployments) -> None:
    server.answers = [(200, said(document()))]
    assert models.read("ml", "risk") == document()
    assert server.asked == [(f"GET {PATH}/risk", "", b"")]


def test_a_list_is_read_by_pages(server: Server, models: KubeModelDeployments) -> None:
    first, second = document(name="fraud"), document()
    pages = ({"items": [first], "metadata": {"continue": "x&y"}}, {"items": [second], "metadata": {}})
    server.answers = [(200, said(page)) for page in pages]
    assert list(models.listing("ml")) == [first, second]
    assert [asked[0] for asked in server.asked] == [f"GET {PATH}?limit=500", f"GET {PATH}?limit=500&continue=x%26y"]


def test_a_list_of_all_namespaces_names_none(server: Server, models: KubeModelDeployments) -> None:
    server.answers = [(200, said({"items": [], "metadata": {}}))]
    assert list(models.listing(None)) == []
    assert server.asked[0][0] == "GET /apis/seatrial.dev/v1alpha1/modeldeployments?limit=500"


def test_what_is_no_list_is_not_taken_for_an_empty_one(server: Server, models: KubeModelDeployments) -> None:
    server.answers = [(200, said({"error": "log in"}))]
    with pytest.raises(UnavailableError, match=r"it answers \{'error': 'log in'\}, which is no list"):
        list(models.listing("ml"))


def test_annotations_are_merged_into_the_very_object_that_was_read(
    server: Server, models: KubeModelDeployments
) -> None:
    """A null takes an annotation away, and the resourceVersion makes the API server refuse any other state."""
    server.answers = [(200, said(document()))]
    models.annotate(document(), {"seatrial.dev/retry": "bbbb/1", "seatrial.dev/abort": None})
    ((asked, content_type, body),) = server.asked
    assert (asked, content_type) == (f"PATCH {PATH}/risk?fieldManager=seatrial-cli", "application/merge-patch+json")
    annotations = {"seatrial.dev/retry": "bbbb/1", "seatrial.dev/abort": None}
    assert json.loads(body) == {"metadata": {"resourceVersion": "1", "annotations": annotations}}


def test_a_watch_begins_at_what_was_read_and_ends_with_its_time(server: Server, models: KubeModelDeployments) -> None:
    changed = document(annotations={"a": "b"})
    server.answers = [(200, said(document())), (200, said({"type": "MODIFIED", "object": changed}))]
    assert list(models.changes("ml", "risk", 2.5)) == [document(), changed]
    watch = "watch=1&fieldSelector=metadata.name%3Drisk&resourceVersion=1&timeoutSeconds=3"
    assert server.asked[1][0] == f"GET {PATH}?{watch}"


def test_what_a_watch_says_beside_changes_is_left_out(server: Server, models: KubeModelDeployments) -> None:
    server.answers = [(200, said(document())), (200, said({"type": "BOOKMARK", "object": {}}, {"other": 1}))]
    assert list(models.changes("ml", "risk", 60)) == [document()]


def test_a_watch_tells_of_a_deletion(server: Server, models: KubeModelDeployments) -> None:
    server.answers = [(200, said(document())), (200, said({"type": "DELETED", "object": document()}))]
    with pytest.raises(AbsentError, match="ModelDeployment risk in namespace ml was deleted"):
        list(models.changes("ml", "risk", 60))


def test_a_watch_whose_beginning_is_forgotten_just_ends(server: Server, models: KubeModelDeployments) -> None:
    """The next one reads the object anew."""
    gone = {"type": "ERROR", "object": {"kind": "Status", "code": 410, "message": "too old resource version"}}
    server.answers = [(200, said(document())), (200, said(gone))]
    assert list(models.changes("ml", "risk", 60)) == [document()]


def test_a_watch_that_fails_says_so(server: Server, models: KubeModelDeployments) -> None:
    failed = {"type": "ERROR", "object": {"kind": "Status", "code": 500, "message": "etcd is away"}}
    server.answers = [(200, said(document())), (200, said(failed))]
    with pytest.raises(UnavailableError, match="etcd is away"):
        list(models.changes("ml", "risk", 60))


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (status(401, "Unauthorized"), RefusedError, r"does not know you \(Unauthorized\): log in again"),
        (status(403, "User ann cannot patch"), RefusedError, "User ann cannot patch; ask for a role"),
        (
            status(404, "not found", name="risk"),
            AbsentError,
            "there is no ModelDeployment risk in namespace ml; those there are: seatrial list -n ml",
        ),
        ((404, b"404 page not found"), AbsentError, "has no ModelDeployments at all: Seatrial is not installed"),
        (status(404, "could not find the requested resource"), AbsentError, "Seatrial is not installed"),
        (status(409, "has been modified"), ConflictError, "has been modified"),
        (status(422, "annotations: too long"), RefusedError, r"refused it: annotations: too long \(422\)"),
        (status(429, "too many requests"), UnavailableError, r"cannot answer now: too many requests \(429\)"),
        ((503, b"<html>no upstream"), UnavailableError, r"cannot answer now: <html>no upstream \(503\); try again"),
        ((500, b""), UnavailableError, "it gave no reason"),
        ((200, b"<html>log in"), UnavailableError, "which is no JSON object"),
        ((200, b"[]"), UnavailableError, "which is no JSON object"),
        ((403, b"[" * 100_000), RefusedError, r"\[\[\["),
    ],
)
def test_a_refusal_is_one_line_that_says_what_to_do(
    server: Server, models: KubeModelDeployments, answer: Answer, kind: type[ClusterError], words: str
) -> None:
    server.answers = [answer]
    with pytest.raises(kind, match=words) as raised:
        models.read("ml", "risk")
    assert len(str(raised.value)) < 600


def test_an_api_server_that_says_nothing_is_not_waited_for_long(
    server: Server, models: KubeModelDeployments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kube, "TIMEOUT", 0.2)
    with pytest.raises(UnavailableError, match=r"cannot be reached .*timed out"):
        models.read("ml", "risk")
    assert len(server.asked) == 1


def test_a_watch_that_goes_deaf_is_given_up(
    server: Server, models: KubeModelDeployments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kube, "TIMEOUT", 0.2)
    server.answers = [(200, said(document()))]
    with pytest.raises(UnavailableError, match="timed out"):
        list(models.changes("ml", "risk", 0.0))


def test_nobody_there() -> None:
    for models in reached("http://127.0.0.1:9"):
        with pytest.raises(UnavailableError, match=r"http://127.0.0.1:9 cannot be reached \(.*Connection refused\)"):
            models.read("ml", "risk")
