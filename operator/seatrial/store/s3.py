"""The object store on anything that speaks S3, by boto3. Every call is bounded in time, size and attempts."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.session
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.utils import is_valid_endpoint_url, is_valid_ipv6_endpoint_url

from seatrial.contract.layout import InvalidLocationError
from seatrial.store.objects import (
    NotFoundError,
    Object,
    PreconditionError,
    StoreError,
    TooLargeError,
    UnreachableError,
)
from seatrial.store.s3_bounds import bound
from seatrial.store.s3_errors import translated

_CONNECT, _READ, _ATTEMPTS = 3, 10, 3  # seconds, seconds, tries
_CHUNK = 64 << 10  # bytes between two looks at the clock
_PATIENCE, _SLOWEST = 60.0, 256 << 10  # reading may take a minute, and a second for each 256 KiB
_TRANSFER = TransferConfig(multipart_threshold=16 << 20, multipart_chunksize=16 << 20, max_concurrency=4)


@dataclass(frozen=True, slots=True)
class Credentials:
    """A key pair for the store."""

    access_key: str
    secret_key: str = field(repr=False)


class S3Store:
    """One bucket. Without `endpoint` it is AWS; without `credentials` they are the environment's (boto3's chain).

    `now` is a monotonic clock in seconds, by which a download that only trickles is given up. Safe to use from
    several threads.
    """

    def __init__(
        self,
        bucket: str,
        endpoint: str | None = None,
        region: str | None = None,
        credentials: Credentials | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bucket = bucket
        self._place = f"{endpoint or 'AWS S3'}, bucket {bucket}"
        self._now = now
        with translated(self._place, ""):
            self._client = _client(_checked(endpoint), region, credentials)

    def get(self, key: str, *, maximum: int) -> Object:
        """Return an object of at most `maximum` bytes; NotFoundError, TooLargeError."""
        with translated(self._place, key):
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
            with closing(answer["Body"]) as stream:
                if (length := self._length(answer)) > maximum:
                    raise TooLargeError(f"{key} has {length} bytes; at most {maximum} were expected")
                body = b"".join(self._chunks(stream, key, self._deadline(maximum)))
            return Object(body, answer["ETag"])

    def put(self, key: str, body: bytes, *, if_absent: bool = False, if_match: str | None = None) -> str:
        """Write an object and return its entity tag; PreconditionError where a condition does not hold.

        An answer that was lost is asked for again, so a conditional write that succeeded can raise
        PreconditionError: who must know reads the object and compares.
        """
        conditions = {"IfNoneMatch": "*"} if if_absent else {"IfMatch": if_match} if if_match is not None else {}
        try:
            with translated(self._place, key):
                return str(self._client.put_object(Bucket=self._bucket, Key=key, Body=body, **conditions)["ETag"])
        except NotFoundError:  # what S3 answers to If-Match where there is nothing
            raise PreconditionError(f"{self._place}: {key!r} is gone") from None

    def upload(self, key: str, path: Path) -> None:
        """Write a file of any size, by parts where it is large."""
        with translated(self._place, key):
            self._client.upload_file(str(path), self._bucket, key, Config=_TRANSFER)

    def download(self, key: str, path: Path, *, size: int) -> None:
        """Write an object to a new file; TooLargeError where it has not exactly `size` bytes.

        Tried again from the start where the connection breaks; UnreachableError where it takes longer than a minute
        and a second for each 256 KiB.
        """
        deadline = self._deadline(size)
        for _ in range(_ATTEMPTS - 1):
            try:
                return self._download_once(key, path, size, deadline)
            except UnreachableError:
                if self._now() > deadline:
                    raise
        return self._download_once(key, path, size, deadline)

    def list(self, prefix: str, *, folders: bool = False, limit: int = 10_000) -> Iterator[str]:
        """Yield at most `limit` keys that begin with a prefix in order, or the names of the folders below it."""
        yield from islice(self._listed(prefix, folders), limit)

    def delete(self, key: str) -> None:
        """Remove an object; an absent one is no error."""
        with translated(self._place, key):
            self._client.delete_object(Bucket=self._bucket, Key=key)

    def _listed(self, prefix: str, folders: bool) -> Iterator[str]:
        delimiter = {"Delimiter": "/"} if folders else {}
        with translated(self._place, prefix):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=prefix, **delimiter
            )
            for page in pages:
                if folders:
                    yield from (item["Prefix"][len(prefix) : -1] for item in page.get("CommonPrefixes", ()))
                else:
                    yield from (item["Key"] for item in page.get("Contents", ()))

    def _download_once(self, key: str, path: Path, size: int, deadline: float) -> None:
        with translated(self._place, key):
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
            with closing(answer["Body"]) as stream:
                if (length := self._length(answer)) != size:
                    raise TooLargeError(f"{key} has {length} bytes; {size} were expected")
                _save(self._chunks(stream, key, deadline), path)

    def _length(self, answer: Mapping[str, Any]) -> int:
        if "ContentLength" not in answer:
            raise StoreError(f"{self._place} gave an answer without a length, as no S3 does; check the endpoint")
        return int(answer["ContentLength"])

    def _deadline(self, size: int) -> float:
        return self._now() + _PATIENCE + size / _SLOWEST

    def _chunks(self, stream: Any, key: str, deadline: float) -> Iterator[bytes]:
        for chunk in stream.iter_chunks(_CHUNK):
            if self._now() > deadline:
                raise UnreachableError(f"{self._place}: {key!r} comes too slowly, and was given up")
            yield chunk


def _save(chunks: Iterator[bytes], path: Path) -> None:
    with path.open("xb") as file:
        try:
            file.writelines(chunks)
        except BaseException:
            path.unlink()
            raise


def _client(endpoint: str | None, region: str | None, credentials: Credentials | None) -> Any:
    config = Config(
        signature_version="s3v4",
        connect_timeout=_CONNECT,
        read_timeout=_READ,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        s3={"addressing_style": "path" if endpoint else "auto"},
        # A plain http endpoint is a neighbour in the cluster: never through the environment's proxy.
        proxies={} if endpoint and endpoint.startswith("http://") else None,
        # The newer checksums are not known to every server; readers check SHA-256 in any case.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    session = botocore.session.Session()
    session.register_component("data_loader", _descriptions())
    client = boto3.session.Session(botocore_session=session).client(
        "s3",
        endpoint_url=endpoint,
        region_name=region or ("us-east-1" if endpoint else None),
        aws_access_key_id=credentials.access_key if credentials else None,
        aws_secret_access_key=credentials.secret_key if credentials else None,
        config=config,
    )
    bound(client)
    return client


@cache
def _descriptions() -> Any:
    """Return botocore's reader of its own files: shared, for each one keeps 12 MB that never change."""
    return botocore.session.Session().get_component("data_loader")


def _checked(endpoint: str | None) -> str | None:
    """Return an endpoint that boto3 takes, which raises a plain ValueError for others."""
    if endpoint is None:
        return None
    parts = urlsplit(endpoint)
    valid = is_valid_endpoint_url(endpoint) or is_valid_ipv6_endpoint_url(endpoint)
    if parts.scheme not in ("http", "https") or not valid:
        raise InvalidLocationError(f"endpoint is {endpoint!r}; expected a URL such as http://s3.example:9000")
    return endpoint
