"""The stores that the suite runs on: the one in memory, and a real S3 server where there is a cluster.

SEATRIAL_TEST_S3 is the server's URL (default: the embedded cluster's); AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
are its credentials (default: the embedded cluster's).
"""

import os
import secrets
from collections.abc import Iterator

import boto3
import pytest
from botocore.config import Config

from seatrial.contract.layout import ModelHome
from seatrial.store.objects import ObjectStore
from seatrial.store.s3 import Credentials, S3Store
from tests.fakes.objects import MemoryStore

ENDPOINT = os.environ.get("SEATRIAL_TEST_S3", "http://10.96.7.20")
CREDENTIALS = Credentials(
    os.environ.get("AWS_ACCESS_KEY_ID", "seatrial"), os.environ.get("AWS_SECRET_ACCESS_KEY", "seatrial-secret-key")
)


@pytest.fixture(scope="session")
def bucket() -> Iterator[str]:
    """Yield the name of a new bucket on the real server, removed with all that is in it."""
    name = f"contract-{secrets.token_hex(6)}"
    client = boto3.client(
        "s3",
        endpoint_url=ENDPOINT,
        region_name="us-east-1",
        aws_access_key_id=CREDENTIALS.access_key,
        aws_secret_access_key=CREDENTIALS.secret_key,
        config=Config(proxies={}, s3={"addressing_style": "path"}),
    )
    client.create_bucket(Bucket=name)
    yield name
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=name):
        for item in page.get("Contents", ()):
            client.delete_object(Bucket=name, Key=item["Key"])
    client.delete_bucket(Bucket=name)
    client.close()


@pytest.fixture(params=["memory", pytest.param("s3", marks=pytest.mark.cluster)])
def store(request: pytest.FixtureRequest) -> ObjectStore:
    """The store under test."""
    if request.param == "memory":
        return MemoryStore()
    return S3Store(request.getfixturevalue("bucket"), ENDPOINT, credentials=CREDENTIALS)


@pytest.fixture
def home() -> ModelHome:
    """A model's home that no other test uses."""
    return ModelHome("bucket", f"tests/{secrets.token_hex(6)}", "risk")
