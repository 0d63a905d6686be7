"""Namespaces with the store's credentials in them."""

from collections.abc import Mapping
from typing import Any

from tests.system.kubectl import Commands
from tests.system.site import Site

SECRET = "s3-credentials"


def namespace(name: str) -> Mapping[str, Any]:
    """Return a namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def credentials(site: Site, name: str, *, wrong: bool = False) -> Mapping[str, Any]:
    """Return the Secret that a ModelDeployment's spec.storage.secretRef names."""
    data = {"accessKeyId": site.s3_key, "secretAccessKey": "wrong" if wrong else site.s3_secret}
    metadata = {"name": SECRET, "namespace": name}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data}


def delete_namespace(commands: Commands, name: str) -> None:
    """Delete a namespace with all that is in it.

    Pods first: whoever deletes a namespace looks again only after the longest grace period of the pods in it.
    """
    if commands.get("namespace", name, name) is None:
        return
    for kinds in ("modeldeployments", "deployments,pods"):
        commands.ctl("delete", kinds, "--all", "-n", name, "--wait=true", "--timeout=120s")
    commands.ctl("delete", "namespace", name, "--ignore-not-found", "--wait=true", "--timeout=180s")
