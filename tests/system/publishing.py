"""Pushing the running example's versions, as the training jobs that made them would have: with the seatrial command."""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import joblib

from seatrial.contract.records import Audit
from tests.demo.versions import VERSIONS
from tests.demo.world import RECOMMENDATIONS, TARGET, past_deployments
from tests.system.kubectl import CommandError, Commands
from tests.system.site import Site, python
from tests.system.store import client, empty, ensure_bucket, keys, upload


@dataclass(frozen=True, slots=True)
class Shelf:
    """One model in a store of the site's S3."""

    site: Site
    bucket: str
    prefix: str
    model: str

    @property
    def store(self) -> str:
        """The store's address."""
        return f"s3://{self.bucket}/{self.prefix}"

    @property
    def dataset(self) -> str:
        """Where the past deployments are."""
        return f"{self.store}/data/train.csv"

    def clear(self) -> None:
        """Remove all that an earlier run left in the store."""
        ensure_bucket(self.site, self.bucket)
        empty(self.site, self.bucket, f"{self.prefix}/")

    def forget(self, namespace: str, name: str) -> None:
        """Remove the record of what a ModelDeployment served: the next one of its name is the first."""
        empty(self.site, self.bucket, f"{self.prefix}/{self.model}/serving/default/{namespace}.{name}.json")

    def prepare(self) -> None:
        """Make the bucket, and put the training data into it."""
        ensure_bucket(self.site, self.bucket)
        with tempfile.TemporaryDirectory() as folder:
            rows = Path(folder) / "train.csv"
            past_deployments().to_csv(rows, index=False)
            upload(self.site, self.bucket, f"{self.prefix}/data/train.csv", rows)

    def push(self, kind: str, version: str | None = None) -> None:
        """Fit one of `tests.demo.versions` and push it, by default under its own name."""
        made = VERSIONS[kind](past_deployments())
        with tempfile.TemporaryDirectory() as folder:
            model, data, metrics = (Path(folder) / name for name in ("model.joblib", "train.csv", "metrics.json"))
            joblib.dump(made.pipeline, model)
            made.split.train.to_csv(data, index=False)
            metrics.write_text(json.dumps({name: {"accuracy": value} for name, value in made.accuracy.items()}))
            advice = [word for level, text in RECOMMENDATIONS.items() for word in ("--recommend", f"{level}={text}")]
            self.seatrial(
                "push", self.model, version or kind, "--model", str(model), "--trust-pickle", "--data", str(data),
                "--target", TARGET, "--metrics", str(metrics), *advice,
            )  # fmt: skip

    def tamper(self, version: str) -> None:
        """Change one byte in the middle of a version's model file, behind everybody's back."""
        s3, folder = client(self.site), f"{self.prefix}/{self.model}/versions/{version}/"
        key = next(one for one in keys(self.site, self.bucket, folder) if one.endswith(".skops"))
        body = bytearray(s3.get_object(Bucket=self.bucket, Key=key)["Body"].read())
        body[len(body) // 2] ^= 1
        s3.put_object(Bucket=self.bucket, Key=key, Body=bytes(body))

    def audits(self) -> list[Audit]:
        """Return all audit records."""
        s3, folder = client(self.site), f"{self.prefix}/{self.model}/audit/"
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=folder)
        found = [one["Key"] for page in pages for one in page.get("Contents", [])]
        bodies = (s3.get_object(Bucket=self.bucket, Key=key)["Body"].read() for key in found)
        return [Audit(**json.loads(body)) for body in bodies]

    def has(self, version: str) -> bool:
        """Say whether a version is there."""
        try:
            self.seatrial("show", self.model, version)
        except CommandError:
            return False
        return True

    def move_channel(self, channel: str, version: str, reason: str) -> None:
        """Let a channel name a version."""
        self.seatrial("channel", self.model, channel, version, "--reason", reason)

    def seatrial(self, *words: str) -> str:
        """Run the seatrial command on this store."""
        commands = self.site.commands
        environment = {**self.site.storage, "SEATRIAL_STORE": self.store}
        return Commands(commands.kubeconfig, commands.kubectl, commands.helm, environment).run(
            python() / "seatrial", *words
        )
