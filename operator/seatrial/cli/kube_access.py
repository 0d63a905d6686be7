"""How a cluster is reached: by a kubeconfig, as kubectl does, otherwise by the account of the pod that this runs in."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml
from kubernetes.client import Configuration
from kubernetes.config import ConfigException, load_incluster_config
from kubernetes.config.kube_config import KubeConfigLoader, KubeConfigMerger

from seatrial.ports import RefusedError

DEFAULT_KUBECONFIG = "~/.kube/config"
POD_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_NAMESPACE = "default"


def find_cluster(kubeconfig: str | None, context: str | None) -> tuple[Configuration, str]:
    """Return how to reach a cluster, and the namespace of who names none; raises RefusedError."""
    paths = kubeconfig or os.environ.get("KUBECONFIG") or DEFAULT_KUBECONFIG
    configuration = Configuration()
    configuration.retries = False  # a person reads the error, and asks again
    if any(Path(path).expanduser().exists() for path in paths.split(os.pathsep) if path):
        return configuration, _by_kubeconfig(configuration, paths, context)
    try:
        load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        return configuration, POD_NAMESPACE.read_text().strip()
    except (ConfigException, OSError):
        raise RefusedError(
            f"there is no kubeconfig {paths}, and this is no pod of a cluster: give --kubeconfig or set KUBECONFIG"
        ) from None


def _by_kubeconfig(configuration: Configuration, paths: str, context: str | None) -> str:
    """Fill in what a kubeconfig says, and return the context's namespace."""
    try:
        merged = KubeConfigMerger(paths)  # type: ignore[no-untyped-call]
        names = [str(node.value["name"]) for node in merged.config["contexts"].value]
        if context is not None and context not in names:
            raise RefusedError(f"--context is {context!r}; kubeconfig {paths} has {', '.join(names) or 'none'}")
        loader = KubeConfigLoader(  # type: ignore[no-untyped-call]
            merged.config, active_context=context, config_base_path=None, config_persister=merged.save_changes
        )
        with _complaints() as complaints:
            loader.load_and_set(configuration)  # type: ignore[no-untyped-call]
    except (ConfigException, yaml.YAMLError, OSError, TypeError, KeyError, ValueError) as error:
        raise RefusedError(f"kubeconfig {paths} cannot be used: {error}") from error
    if complaints:
        raise RefusedError(f"kubeconfig {paths} could not log in: {'; '.join(complaints)}")
    return loader.current_context["context"].get("namespace") or _NAMESPACE


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """Give what is logged as an error: that is how the library tells that a login command failed."""
    found: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: found.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    try:
        yield found
    finally:
        logging.getLogger().removeHandler(handler)
