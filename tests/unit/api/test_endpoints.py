"""Which addresses a spec may name."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.api.endpoints import is_remote
from seatrial.store.objects import StoreError
from seatrial.store.s3 import Credentials, S3Store


@pytest.mark.parametrize(
    "url",
    [
        "http://s3.example:7070",
        "https://s3.example/",
        "http://10.96.7.20",
        "http://[fd00::1]:9000",
        "http://localhost.example",
        "http://minio.ml.svc:9000",
    ],
)
def test_another_machine(url: str) -> None:
    assert is_remote(url)
    assert S3Store("bucket", url, None, Credentials("key", "secret"))


@given(st.from_regex(r"https?://[^/?#@ ]+/?", fullmatch=True) | st.text())
def test_what_a_spec_may_name_a_client_takes(url: str) -> None:
    if is_remote(url):
        with suppress(StoreError):
            S3Store("bucket", url, None, Credentials("key", "secret"))


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8080",
        "http://LOCALHOST",
        "http://a.localhost",
        "http://localhost.:8080",
        "http://127.0.0.1.",
        "http://127.0.0.1:8080",
        "http://127.1",
        "http://2130706433",
        "http://0x7f000001",
        "http://0.0.0.0",
        "http://169.254.169.254",
        "http://[::1]:8080",
        "http://[::ffff:127.0.0.1]",
        "http://[fe80::1]",
        "http://user:secret@s3.example",
        "http://s3.example:port",
        "http://[::1",
        "ftp://s3.example",
        "http://",
        "s3.example",
        "http://s3_x.example:80",
        "http://a..b",
        "http://s3.example\r",
        "http://s3\n.example",
        "http://-bad-",
        "http://\"';",
        "http://s3.example:99999",
        "http://münster.example",
        f"http://{'a' * 64}.example",
        f"http://{'a.' * 126}example",
        "http://[fe80::1%25eth0]:9000",
    ],
)
def test_no_other_machine(url: str) -> None:
    assert not is_remote(url)
