"""What a person does in the story, with the tools that a person has: kubectl, helm and the seatrial command."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import joblib
import yaml

from tests.demo.look import CLIENT, NAME, NAMESPACE
from tests.demo.versions import VERSIONS
from tests.demo.world import RECOMMENDATIONS, TARGET, past_deployments
from tests.system.site import Site, checkout, python
from tests.system.store import empty, ensure_bucket, upload

BUCKET = "models"
STORE = f"s3://{BUCKET}/risk"
DATASET = "risk/data/train.csv"
HOST = "risk.example.org"
MANIFEST = checkout() / "manifests" / "examples" / "deploy-risk.yaml"
POD_FILES = ("tests/demo/__init__.py", "tests/demo/world.py", "tests/system/__init__.py", "tests/system/traffic.py")


class Stagehand:
    """Does one thing at a time, on a site."""

    def __init__(self, site: Site) -> None:
        self._site, self._commands = site, site.commands

    def clear(self) -> None:
        """Remove what an earlier run left: the namespace with all that is in it, and the store's contents."""
        self._commands.ctl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait=true", "--timeout=180s")
        ensure_bucket(self._site, BUCKET)
        empty(self._site, BUCKET, "risk/")

    def prepare(self) -> None:
        """Make the bucket, the training data, the namespace and its Secret."""
        ensure_bucket(self._site, BUCKET)
        with tempfile.TemporaryDirectory() as folder:
            rows = Path(folder) / "train.csv"
            past_deployments().to_csv(rows, index=False)
            upload(self._site, BUCKET, DATASET, rows)
        secret = {"accessKeyId": self._site.s3_key, "secretAccessKey": self._site.s3_secret}
        self._commands.apply(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": "s3-credentials", "namespace": NAMESPACE},
                "stringData": secret,
            },
        )

    def push(self, version: str) -> None:
        """Fit a version as its training job would have, and push it."""
        rows = past_deployments()
        made = VERSIONS[version](rows)
        with tempfile.TemporaryDirectory() as folder:
            model, data, metrics = (Path(folder) / name for name in ("model.joblib", "train.csv", "metrics.json"))
            joblib.dump(made.pipeline, model)
            made.split.train.to_csv(data, index=False)
            metrics.write_text(json.dumps({name: {"accuracy": value} for name, value in made.accuracy.items()}))
            advice = [word for level, text in RECOMMENDATIONS.items() for word in ("--recommend", f"{level}={text}")]
            self.seatrial(
                "push", NAME, version, "--model", str(model), "--trust-pickle", "--data", str(data),
                "--target", TARGET, "--metrics", str(metrics), *advice,
            )  # fmt: skip

    def move_channel(self, version: str, reason: str) -> None:
        """Let the channel that the ModelDeployment follows name a version."""
        self.seatrial("channel", NAME, "latest", version, "--reason", reason)

    def apply_model(self) -> None:
        """Apply the example, with this site's addresses in it."""
        self._commands.apply(self.model())

    def model(self) -> Mapping[str, Any]:
        """Return the example's ModelDeployment for this site."""
        document: dict[str, Any] = yaml.safe_load(MANIFEST.read_text())
        document["metadata"]["namespace"] = NAMESPACE
        document["spec"]["storage"]["endpoint"] = self._site.s3
        document["spec"]["route"]["gateway"] = {
            "name": self._site.gateway_name,
            "namespace": self._site.gateway_namespace,
        }
        return document

    def seatrial(self, *words: str) -> str:
        """Run the seatrial command on the example's store."""
        commands = self._site.commands
        environment = {**self._site.storage, "SEATRIAL_STORE": STORE}
        program = type(commands)(commands.kubeconfig, commands.kubectl, commands.helm, environment)
        return program.run(python() / "seatrial", *words)

    def start_client(self) -> None:
        """Start the client's pod: steady traffic through the gateway."""
        self.stop_client()
        files = {path.replace("/", "."): (checkout() / path).read_text() for path in POD_FILES}
        self._commands.apply(
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": CLIENT, "namespace": NAMESPACE},
                "data": files,
            },
            client_pod(self._site),
        )

    def stop_client(self) -> None:
        """Delete the client's pod."""
        self._commands.ctl("delete", "pod", CLIENT, "-n", NAMESPACE, "--ignore-not-found", "--wait=true")

    def change_world(self, world: str, label_share: float) -> None:
        """Let the client send another world's deployments."""
        self._commands.pod_post(NAMESPACE, CLIENT, 8080, "/world", {"world": world, "labelShare": label_share})

    def ask(self, features: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask a stable predictor for one prediction, and return it."""
        path = f"/v1/models/{NAME}:predict"
        pods = self._commands.list("pods", NAMESPACE, f"seatrial.dev/model={NAME},seatrial.dev/component=predictor")
        name = next(pod["metadata"]["name"] for pod in pods if not pod["metadata"].get("deletionTimestamp"))
        answer = json.loads(self._commands.pod_post(NAMESPACE, name, 8080, path, {"instances": [dict(features)]}))
        found: Mapping[str, Any] = answer["predictions"][0]
        return found


def client_pod(site: Site) -> Mapping[str, Any]:
    """Return the client's pod: it has no rights, and ends by itself."""
    environment = {
        "TARGET": f"{site.gateway}/v1/models/{NAME}:predict",
        "HOST_HEADER": HOST,
        "FEEDBACK": f"http://{NAME}-collector.{NAMESPACE}.svc/feedback",
        "RATE": "100",
        "LABEL_SHARE": "0.05",
        "PYTHONPATH": "/opt/seatrial:/client",
    }
    files = [{"key": path.replace("/", "."), "path": path} for path in POD_FILES]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": CLIENT, "namespace": NAMESPACE, "labels": {"app": CLIENT}},
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 1,
            "securityContext": {"runAsNonRoot": True, "runAsUser": 65532},
            "containers": [
                {
                    "name": "client",
                    "image": site.runtime_image,
                    "imagePullPolicy": "IfNotPresent",
                    "command": ["python", "-m", "tests.system.traffic"],
                    "env": [{"name": name, "value": value} for name, value in environment.items()],
                    "volumeMounts": [{"name": "code", "mountPath": "/client"}],
                    "resources": {"requests": {"cpu": "100m"}, "limits": {"memory": "512Mi"}},
                }
            ],
            "volumes": [{"name": "code", "configMap": {"name": CLIENT, "items": files}}],
        },
    }
