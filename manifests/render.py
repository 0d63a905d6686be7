"""Copy the CRD into the chart, and write install.yaml: what the chart gives with its own values.

Usage: python manifests/render.py [<path of helm>]
"""

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHART = HERE.parent / "helm" / "seatrial"
NAMESPACE = "seatrial-system"
HEAD = f"""\
# Seatrial with the chart's own values, made by manifests/render.py. Set the images and SEATRIAL_PROMETHEUS_URL before
# you apply it: kubectl apply --server-side -f install.yaml
# Its rules count the operator's series of the namespace {NAMESPACE} alone: with another one, replace it there too.
apiVersion: v1
kind: Namespace
metadata:
  name: {NAMESPACE}
"""


def render(helm: str) -> str:
    """Return the manifest; raises CalledProcessError where helm does not take the chart."""
    command = [helm, "template", "seatrial", str(CHART), "--namespace", NAMESPACE, "--include-crds"]
    chart = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    return HEAD + chart.replace("managed-by: Helm", "managed-by: kubectl")


if __name__ == "__main__":
    for definition in (HERE.parent / "crds").glob("*.yaml"):
        shutil.copy(definition, CHART / "crds")
    (HERE / "install.yaml").write_text(render(sys.argv[1] if len(sys.argv) > 1 else "helm"))
