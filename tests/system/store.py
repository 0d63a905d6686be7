"""The site's S3 from this machine: buckets and files that are no version of a model."""

from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.system.site import Site


def client(site: Site) -> Any:
    """Return a bounded S3 client."""
    config = Config(signature_version="s3v4", connect_timeout=3, read_timeout=30, s3={"addressing_style": "path"})
    return boto3.client(
        "s3",
        endpoint_url=site.s3,
        region_name="us-east-1",
        aws_access_key_id=site.s3_key,
        aws_secret_access_key=site.s3_secret,
        config=config,
    )


def ensure_bucket(site: Site, bucket: str) -> None:
    """Make a bucket, if it is not there."""
    s3 = client(site)
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError:
        s3.create_bucket(Bucket=bucket)


def upload(site: Site, bucket: str, key: str, file: Path) -> None:
    """Write a file."""
    client(site).upload_file(str(file), bucket, key)


def keys(site: Site, bucket: str, prefix: str) -> list[str]:
    """Return the keys below a prefix (the first thousand)."""
    found = client(site).list_objects_v2(Bucket=bucket, Prefix=prefix)
    return [one["Key"] for one in found.get("Contents", [])]


def empty(site: Site, bucket: str, prefix: str) -> None:
    """Remove every object below a prefix."""
    s3 = client(site)
    while found := keys(site, bucket, prefix):
        for key in found:
            s3.delete_object(Bucket=bucket, Key=key)
