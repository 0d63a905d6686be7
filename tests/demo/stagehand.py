"""What a person does in the story, with the tools that a person has: kubectl, helm and the seatrial command."""

import json
from collections.abc import Mapping
from typing import Any

import yaml

from tests.demo.look import NAME, NAMESPACE
from tests.system.client import Client
from tests.system.namespaces import credentials, delete_namespace, namespace
from tests.system.publishing import Shelf
from tests.system.site import Site, SiteError, checkout

PREFIX, CHANNEL = "seatrial-demo", "latest"
HOST = "risk.example.org"
MANIFEST = checkout() / "manifests" / "examples" / "deploy-risk.yaml"
REQUESTS_PER_SECOND = 50
LABEL_SHARE = 0.1  # of the requests, until somebody looks harder


class Stagehand:
    """Does one thing at a time, on a site."""

    def __init__(self, site: Site) -> None:
        self._site, self._commands = site, site.commands
        self.shelf = Shelf(site, site.bucket, PREFIX, NAME)
        self.client = Client(
            site.commands, site.runtime_image, NAMESPACE, NAME, site.gateway, HOST, REQUESTS_PER_SECOND, LABEL_SHARE
        )

    def check_alone(self) -> None:
        """Raise SiteError where somebody else uses Seatrial on this cluster: the demo installs its own."""
        if self._site.embedded or not self._commands.knows("modeldeployments"):
            return
        others = self._commands.list("modeldeployments", None)
        places = sorted({one["metadata"]["namespace"] for one in others} - {NAMESPACE})
        if places:
            raise SiteError(f"there are ModelDeployments in {', '.join(places)}: the demo would change their operator")

    def clear(self) -> None:
        """Remove what an earlier run left: the namespace with all that is in it, and the store's contents."""
        delete_namespace(self._commands, NAMESPACE)
        self.shelf.clear()

    def prepare(self) -> None:
        """Make the training data, the namespace and its Secret."""
        self.shelf.prepare()
        self._commands.apply(namespace(NAMESPACE), credentials(self._site, NAMESPACE))

    def move_channel(self, version: str, reason: str) -> None:
        """Let the channel that the ModelDeployment follows name a version."""
        self.shelf.move_channel(CHANNEL, version, reason)

    def apply_model(self) -> None:
        """Apply the example, with this site's addresses in it."""
        self._commands.apply(self.model())

    def model(self) -> Mapping[str, Any]:
        """Return the example's ModelDeployment for this site."""
        document: dict[str, Any] = yaml.safe_load(MANIFEST.read_text())
        document["metadata"]["namespace"] = NAMESPACE
        document["spec"]["model"]["store"] = self.shelf.store
        document["spec"]["training"]["dataset"] = self.shelf.dataset
        document["spec"]["storage"]["endpoint"] = self._site.s3
        document["spec"]["route"]["gateway"] = {
            "name": self._site.gateway_name,
            "namespace": self._site.gateway_namespace,
        }
        return document

    def manifest(self, version: str) -> Mapping[str, Any]:
        """Return what the store has written of a version."""
        manifest: Mapping[str, Any] = json.loads(self.shelf.seatrial("show", NAME, version, "--json"))["manifest"]
        return manifest

    def ask(self, features: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask a predictor for one prediction, and return it."""
        path = f"/v1/models/{NAME}:predict"
        pods = self._commands.list("pods", NAMESPACE, f"seatrial.dev/model={NAME},seatrial.dev/component=predictor")
        name = next(pod["metadata"]["name"] for pod in pods if not pod["metadata"].get("deletionTimestamp"))
        answer = json.loads(self._commands.pod_post(NAMESPACE, name, 8080, path, {"instances": [dict(features)]}))
        found: Mapping[str, Any] = answer["predictions"][0]
        return found
