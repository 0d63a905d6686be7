"""Where everything stands in the store: keys below `<prefix>/<model>/`."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from seatrial.contract.names import check_segment

MANIFEST = "manifest.json"
_DIGITS = 16  # of a file's digest in its key
_URI = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?P<path>(/[A-Za-z0-9._=-]+)*)/?")
URI_RULE = (
    "s3://<bucket>/<prefix>, such as s3://models/risk; a bucket has 3 to 63 characters: lower case letters, digits, "
    "dots, hyphens"
)


class InvalidLocationError(ValueError):
    """An address that is none in S3."""


@dataclass(frozen=True, slots=True)
class Location:
    """A bucket and a key (or prefix, without slashes at its ends) in it."""

    bucket: str
    key: str

    @property
    def uri(self) -> str:
        """The location as `s3://bucket/key`."""
        return f"s3://{self.bucket}/{self.key}".rstrip("/")


def parse_location(uri: str) -> Location:
    """Read `s3://bucket/key`; raises InvalidLocationError."""
    match = _URI.fullmatch(uri)
    if match is None or "/../" in f"{uri}/":
        raise InvalidLocationError(f"{uri!r} is no address in S3; expected {URI_RULE}")
    return Location(match["bucket"], match["path"].strip("/"))


@dataclass(frozen=True, slots=True)
class ModelHome:
    """The folder of one model; every key that Seatrial reads or writes for it comes from here."""

    bucket: str
    prefix: str
    model: str

    @classmethod
    def at(cls, store: str, model: str) -> "ModelHome":
        """Return the home of `model` in the store `s3://bucket/prefix`."""
        location = parse_location(store)
        return cls(location.bucket, location.key, check_segment("model", model))

    @property
    def root(self) -> str:
        """The key prefix of everything of this model, with a slash at its end."""
        return f"{self.prefix}/{self.model}/" if self.prefix else f"{self.model}/"

    @property
    def versions(self) -> str:
        """The prefix below which each version has its folder."""
        return f"{self.root}versions/"

    def folder(self, version: str) -> str:
        """The prefix of everything of a version."""
        return f"{self.versions}{check_segment('version', version)}/"

    def file(self, version: str, name: str, digest: str) -> str:
        """The key of one file of a version.

        It begins with 16 digits of the file's digest, so that two pushes of one version never write each other's
        files: only the manifest, which is written once, says which files are the version's.
        """
        return f"{self.folder(version)}{digest.removeprefix('sha256:')[:_DIGITS]}-{name}"

    def manifest(self, version: str) -> str:
        """The key of a version's manifest: written last, so that a version is complete or does not exist."""
        return self.folder(version) + MANIFEST

    @property
    def channels(self) -> str:
        """The prefix of the channels' pointers."""
        return f"{self.root}channels/"

    def channel(self, channel: str) -> str:
        """The key of a channel's pointer."""
        return f"{self.channels}{check_segment('channel', channel)}.json"

    def audit(self, when: datetime, record_id: str) -> str:
        """The key of a new audit record; keys sort by time."""
        return f"{self.root}audit/{when.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}-{record_id}.json"

    def serving(self, cluster: str, namespace: str, name: str) -> str:
        """The key of the record of what a ModelDeployment last promoted."""
        return f"{self.root}serving/{cluster}/{namespace}.{name}.json"

    def log(self, kind: str, when: datetime, part: str) -> str:
        """The key of a Parquet part of the `predictions` or `labels` log, by day and hour (UTC)."""
        at = when.astimezone(UTC)
        return f"{self.root}{kind}/dt={at:%Y-%m-%d}/hour={at:%H}/{part}.parquet"

    def logs(self, kind: str) -> str:
        """The prefix of the `predictions` or `labels` log."""
        return f"{self.root}{kind}/"
