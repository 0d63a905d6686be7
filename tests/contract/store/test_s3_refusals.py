"""What a real S3 server refuses, in words that help."""

import pytest

from seatrial.store.objects import DeniedError, NoBucketError, UnreachableError
from seatrial.store.s3 import Credentials, S3Store
from tests.contract.store.conftest import CREDENTIALS, ENDPOINT

pytestmark = pytest.mark.cluster


def test_a_missing_bucket_is_no_missing_object() -> None:
    store = S3Store("no-such-bucket-here", ENDPOINT, credentials=CREDENTIALS)
    with pytest.raises(NoBucketError, match="bucket no-such-bucket-here: there is no such bucket"):
        store.get("a", maximum=1)
    with pytest.raises(NoBucketError):
        list(store.list("a"))
    with pytest.raises(NoBucketError):
        store.put("a", b"", if_match='"x"')


@pytest.mark.parametrize("wrong", [Credentials("nobody", "x"), Credentials(CREDENTIALS.access_key, "wrong")])
def test_wrong_credentials_are_denied_naming_endpoint_and_bucket(bucket: str, wrong: Credentials) -> None:
    store = S3Store(bucket, ENDPOINT, credentials=wrong)
    with pytest.raises(DeniedError, match=f"{ENDPOINT}, bucket {bucket} refused 'a'"):
        store.get("a", maximum=1)
    with pytest.raises(DeniedError):
        store.put("a", b"", if_absent=True)


def test_a_closed_port_is_unreachable(bucket: str) -> None:
    with pytest.raises(UnreachableError, match=r"http://127\.0\.0\.1:9, bucket"):
        S3Store(bucket, "http://127.0.0.1:9", credentials=CREDENTIALS).get("a", maximum=1)
