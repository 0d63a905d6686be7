"""The S3 store against a server on loopback that gives answers real servers give seldom."""

from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Event, Thread

import pytest

from seatrial.contract.layout import InvalidLocationError
from seatrial.store import s3, s3_bounds
from seatrial.store.objects import (
    DeniedError,
    NoBucketError,
    NotFoundError,
    PreconditionError,
    StoreError,
    TooLargeError,
    UnreachableError,
)
from seatrial.store.s3 import Credentials, S3Store

Answer = Callable[[BaseHTTPRequestHandler], None]
KEYS = Credentials("access", "secret")


class Canned:
    """A server that plays one answer after the other, the last one for ever, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.requests: list[BaseHTTPRequestHandler] = []
        canned = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                canned.requests.append(self)
                canned.answers[min(len(canned.requests), len(canned.answers)) - 1](self)

            do_GET = do_PUT = do_DELETE = answer  # noqa: N815 - the library's names

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def server() -> Iterator[Canned]:
    canned = Canned()
    yield canned
    canned.close()


def refusal(status: int, code: str) -> Answer:
    return plain(status, f"<Error><Code>{code}</Code><Message>Because.</Message></Error>".encode())


def plain(status: int, body: bytes, length: int | None = None) -> Answer:
    """Answer with a body, and with a Content-Length that may promise more."""
    return headed(status, {"Content-Length": str(len(body) if length is None else length), "ETag": '"tag"'}, body)


def headed(status: int, headers: Mapping[str, str], body: bytes = b"") -> Answer:
    """Answer with these headers, and end the connection."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in {**headers, "Connection": "close"}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)
        request.close_connection = True

    return answer


def store_at(server: Canned, now: Callable[[], float] = lambda: 0.0) -> S3Store:
    return S3Store("models", server.url, credentials=KEYS, now=now)


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (404, "NoSuchKey", NotFoundError),
        (404, "NoSuchBucket", NoBucketError),
        (403, "AccessDenied", DeniedError),
        (403, "SignatureDoesNotMatch", DeniedError),
        (400, "ExpiredToken", DeniedError),
        (404, "XAdminUserNotFound", DeniedError),
        (412, "PreconditionFailed", PreconditionError),
        (409, "ConditionalRequestConflict", PreconditionError),
        (301, "PermanentRedirect", StoreError),
        (400, "AuthorizationHeaderMalformed", StoreError),
        (400, "RequestTimeout", UnreachableError),
        (500, "InternalError", UnreachableError),
        (503, "SlowDown", UnreachableError),
        (400, "InvalidArgument", StoreError),
    ],
)
def test_each_refusal_has_its_error(server: Canned, status: int, code: str, expected: type[StoreError]) -> None:
    server.answers = [refusal(status, code)]
    with pytest.raises(StoreError, match=f"{server.url}, bucket models") as caught:
        store_at(server).get("a/b", maximum=10)
    assert type(caught.value) is expected


def test_a_region_that_is_wrong_is_named(server: Canned) -> None:
    server.answers = [refusal(400, "AuthorizationHeaderMalformed")]
    with pytest.raises(StoreError, match=r"another region.*set the region"):
        store_at(server).get("a", maximum=10)


def test_a_404_of_something_else_is_no_missing_object(server: Canned) -> None:
    """A wrong endpoint must not look like an empty store."""
    server.answers = [plain(404, b"<html>nothing here</html>")]
    with pytest.raises(StoreError, match="check the endpoint") as caught:
        store_at(server).get("a", maximum=10)
    assert not isinstance(caught.value, NotFoundError)


def test_a_server_that_is_overloaded_is_asked_three_times_and_no_more(server: Canned) -> None:
    server.answers = [refusal(503, "SlowDown")]
    with pytest.raises(UnreachableError):
        store_at(server).get("a", maximum=10)
    assert len(server.requests) == 3


def test_a_server_that_recovers_is_heard(server: Canned) -> None:
    server.answers = [refusal(500, "InternalError"), plain(200, b"body")]
    assert store_at(server).get("a", maximum=10).body == b"body"


def test_nothing_more_is_read_than_the_bound(server: Canned) -> None:
    """The server promises a terabyte; the answer comes at once because nobody reads it."""
    server.answers = [plain(200, b"x", length=1 << 40)]
    with pytest.raises(TooLargeError, match="1099511627776 bytes; at most 10"):
        store_at(server).get("a", maximum=10)


def test_the_words_of_an_error_are_one_line(server: Canned) -> None:
    server.answers = [plain(403, b"<Error><Code>No</Code><Message>\n\n not \r\n for\tyou\n</Message></Error>")]
    with pytest.raises(DeniedError, match=r"No \(403\): not for you; check"):
        store_at(server).get("a", maximum=10)


@pytest.mark.parametrize(("status", "expected"), [(400, StoreError), (403, DeniedError), (503, UnreachableError)])
def test_of_an_error_no_more_is_read_than_its_bound(server: Canned, status: int, expected: type[StoreError]) -> None:
    """Its status says what it is; one endless error would otherwise end the process that has asked."""
    server.answers = [plain(status, b"<Error><Message>" + b"x" * s3_bounds.MAXIMUM_ERROR, length=1 << 40)]
    with pytest.raises(expected) as caught:
        store_at(server).get("a", maximum=10)
    assert type(caught.value) is expected
    assert len(str(caught.value)) < 300


def test_a_long_error_is_asked_again_as_a_short_one_is(server: Canned) -> None:
    server.answers = [plain(503, b"x" * 2 * s3_bounds.MAXIMUM_ERROR), plain(200, b"body")]
    assert store_at(server).get("a", maximum=10).body == b"body"


def test_of_a_listing_no_more_is_read_than_its_bound(server: Canned) -> None:
    server.answers = [plain(200, b"<ListBucketResult>" + b"x" * s3_bounds.MAXIMUM_LISTING, length=1 << 40)]
    with pytest.raises(StoreError, match="at once, as no S3 does"):
        list(store_at(server).list("a/"))


@pytest.mark.parametrize("status", [200, 503])
def test_a_listing_that_breaks_off_is_asked_for_again(server: Canned, status: int) -> None:
    whole = plain(200, b"<ListBucketResult><Contents><Key>a/b</Key></Contents></ListBucketResult>")
    server.answers = [plain(status, b"<ListBucketResult>", length=1000), whole]
    assert list(store_at(server).list("a/")) == ["a/b"]


@pytest.mark.parametrize("headers", [{}, {"ETag": '"tag"', "Last-Modified": "yesterday"}])
def test_an_answer_that_is_none_of_s3s_is_said_to_be_so(server: Canned, headers: dict[str, str]) -> None:
    server.answers = [headed(200, {"Content-Length": "2", **headers}, b"{}")]
    with pytest.raises(StoreError, match="none of S3's; check the endpoint"):
        store_at(server).get("a", maximum=10)


def test_a_redirection_to_itself_ends(server: Canned) -> None:
    server.answers = [headed(307, {"Location": f"{server.url}/models/a", "Content-Length": "0"})]
    with pytest.raises(StoreError):
        store_at(server).get("a", maximum=10)


def test_credentials_that_fit_no_header_are_no_fault_of_the_server_and_are_not_shown(server: Canned) -> None:
    store = S3Store("models", server.url, credentials=Credentials("ac\ncess", "secret"))
    with pytest.raises(StoreError, match="check the endpoint and the credentials") as caught:
        store.get("a", maximum=10)
    assert not isinstance(caught.value, UnreachableError)
    assert "cess" not in str(caught.value)
    assert server.requests == []


def test_an_answer_without_a_length_is_none_of_s3s(server: Canned) -> None:
    server.answers = [headed(200, {}, b"<html>welcome</html>")]
    with pytest.raises(StoreError, match="without a length"):
        store_at(server).get("a", maximum=100)


def test_a_server_that_takes_a_request_and_says_nothing_is_given_up(
    server: Canned, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_up = Event()

    def say_nothing(request: BaseHTTPRequestHandler) -> None:
        given_up.wait(5)
        request.close_connection = True  # who still waits then is told, and the test fails

    monkeypatch.setattr(s3, "_READ", 0.1)
    monkeypatch.setattr(s3, "_ATTEMPTS", 1)
    server.answers = [say_nothing]
    with pytest.raises(UnreachableError, match="Read timeout"):
        store_at(server).get("a", maximum=10)
    given_up.set()


def test_no_server_is_waited_for_longer_than_seconds(server: Canned) -> None:
    used = store_at(server)._client.meta.config
    assert used.connect_timeout <= 3
    assert used.read_timeout <= 10


def test_conditions_are_sent(server: Canned) -> None:
    server.answers = [plain(200, b"")]
    store = store_at(server)
    store.put("a", b"", if_absent=True)
    store.put("a", b"", if_match='"tag"')
    store.put("a", b"")
    sent = [(r.headers["If-None-Match"], r.headers["If-Match"]) for r in server.requests]
    assert sent == [("*", None), (None, '"tag"'), (None, None)]


def test_a_condition_on_an_absent_object_failed(server: Canned) -> None:
    """AWS answers If-Match where there is nothing with 404."""
    server.answers = [refusal(404, "NoSuchKey")]
    with pytest.raises(PreconditionError):
        store_at(server).put("a", b"", if_match='"tag"')


def test_the_address_is_by_path_and_signed_with_version_4(server: Canned) -> None:
    server.answers = [plain(200, b"")]
    store_at(server).get("a/b", maximum=10)
    (request,) = server.requests
    assert request.path == "/models/a/b"
    assert request.headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=access/")


def test_a_plain_endpoint_is_not_asked_through_a_proxy(server: Canned, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    server.answers = [plain(200, b"body")]
    assert store_at(server).get("a", maximum=10).body == b"body"


@pytest.mark.parametrize("body", [b"shorter", b"longer than"])
def test_a_download_of_another_size_is_refused_and_leaves_nothing(server: Canned, tmp_path: Path, body: bytes) -> None:
    server.answers = [plain(200, body)]
    with pytest.raises(TooLargeError, match=f"a has {len(body)} bytes; 8 were expected"):
        store_at(server).download("a", tmp_path / "file", size=8)
    assert list(tmp_path.iterdir()) == []


def test_a_download_that_breaks_off_is_tried_again(server: Canned, tmp_path: Path) -> None:
    server.answers = [plain(200, b"half", length=8), plain(200, b"complete")]
    store_at(server).download("a", tmp_path / "file", size=8)
    assert (tmp_path / "file").read_bytes() == b"complete"


def test_a_download_that_always_breaks_off_ends_and_leaves_nothing(server: Canned, tmp_path: Path) -> None:
    server.answers = [plain(200, b"half", length=8)]
    with pytest.raises(UnreachableError, match="did not answer for 'a'"):
        store_at(server).download("a", tmp_path / "file", size=8)
    assert len(server.requests) == 3
    assert list(tmp_path.iterdir()) == []


def test_a_download_that_trickles_is_given_up(server: Canned, tmp_path: Path) -> None:
    """A look at the clock finds half a minute gone, and there is one for each of eight parts."""
    clock = count(0.0, 30.0)
    server.answers = [plain(200, bytes(8 << 16))]
    with pytest.raises(UnreachableError, match="too slowly"):
        store_at(server, now=lambda: next(clock)).download("a", tmp_path / "file", size=8 << 16)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UnreachableError, match="too slowly"):
        store_at(server, now=lambda: next(clock)).get("a", maximum=8 << 16)


def test_a_server_that_nobody_runs_is_unreachable(server: Canned) -> None:
    server.close()
    with pytest.raises(UnreachableError, match=f"{server.url}, bucket models did not answer"):
        store_at(server).get("a", maximum=10)


def test_missing_credentials_are_denied_before_anything_is_sent(
    server: Canned, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(DeniedError) as denied:
        S3Store("models", server.url).get("a", maximum=10)
    assert str(denied.value) == (
        f"there are no credentials for {server.url}, bucket models: a ModelDeployment names their Secret in "
        "spec.storage.secretRef, and in spec.storage.endpoint a server that is not AWS; the command line takes them "
        "from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and the server from SEATRIAL_S3_ENDPOINT or --endpoint"
    )
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "access")
    with pytest.raises(DeniedError, match=r"bucket models \(Partial credentials .*AWS_SECRET_ACCESS_KEY.*\): a Model"):
        S3Store("models", server.url).get("a", maximum=10)
    assert server.requests == []


@pytest.mark.parametrize("endpoint", ["s3.example:9000", "ftp://s3.example", "http://"])
def test_an_endpoint_that_is_no_url_is_refused(endpoint: str) -> None:
    with pytest.raises(InvalidLocationError, match=r"endpoint is .* expected a URL"):
        S3Store("models", endpoint, credentials=KEYS)


def test_the_secret_is_not_shown() -> None:
    assert "secret" not in repr(KEYS).replace("secret_key", "")
