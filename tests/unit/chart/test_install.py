"""What the chart installs, read from install.yaml: the rights that the operator needs, and a pod with none to spare."""

from typing import Any

import pytest
import yaml

from seatrial.adapters.kube_kinds import plural
from seatrial.controller import settings
from seatrial.controller.assembly import LEASE
from seatrial.controller.resync import WATCHED
from seatrial.controller.server import PORT
from tests.unit.api.schema import ROOT
from tests.unit.chart.rules import rules_for

Document = dict[str, Any]
MANIFEST = ROOT / "manifests" / "install.yaml"
DOCUMENTS: list[Document] = list(yaml.safe_load_all(MANIFEST.read_text()))
EVERY_VERB = {"get", "list", "watch", "create", "patch", "delete"}


def one(kind: str, name: str = "seatrial") -> Document:
    """Return the object of this kind and name."""
    (found,) = [d for d in DOCUMENTS if d["kind"] == kind and d["metadata"]["name"] == name]
    return found


def rights(role: Document) -> dict[tuple[str, str], set[str]]:
    """Return the verbs by (group, resource)."""
    granted: dict[tuple[str, str], set[str]] = {}
    for rule in role["rules"]:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                granted.setdefault((group, resource), set()).update(rule["verbs"])
    return granted


def test_the_operator_has_just_the_rights_that_it_uses() -> None:
    owned = {
        (api_version.rpartition("/")[0], plural(api_version, kind)): EVERY_VERB
        for api_version, kind, label in WATCHED
        if label
    }
    assert rights(one("ClusterRole")) == owned | {
        ("seatrial.dev", "modeldeployments"): {"get", "list", "watch"},
        ("seatrial.dev", "modeldeployments/status"): {"patch"},
        ("autoscaling", "horizontalpodautoscalers"): {"get", "list", "watch"},
        ("", "pods"): {"get", "list"},
        ("", "secrets"): {"get"},
        ("", "events"): {"create"},
        ("apiextensions.k8s.io", "customresourcedefinitions"): {"list", "watch"},
    }


def test_it_holds_only_its_own_lease() -> None:
    create, own = sorted(one("Role")["rules"], key=lambda rule: sorted(rule["verbs"]))
    assert create["verbs"] == ["create"]
    assert own["resourceNames"] == [LEASE]
    assert set(own["verbs"]) == {"get", "update"}


def test_the_bindings_bind_its_own_account() -> None:
    account = {"kind": "ServiceAccount", "name": "seatrial", "namespace": "seatrial-system"}
    for kind in ("ClusterRoleBinding", "RoleBinding"):
        assert one(kind)["subjects"] == [account]
    assert one("Deployment")["spec"]["template"]["spec"]["serviceAccountName"] == "seatrial"
    assert one("ServiceAccount")["metadata"]["namespace"] == "seatrial-system"


def container() -> Document:
    """Return the operator's container."""
    (found,) = one("Deployment")["spec"]["template"]["spec"]["containers"]
    return dict(found)


def test_its_pod_may_do_nothing_but_its_work() -> None:
    pod = one("Deployment")["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container()["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container()["resources"]["limits"]["memory"]
    assert all("sizeLimit" in volume["emptyDir"] for volume in pod["volumes"])


def test_its_settings_are_those_that_it_reads() -> None:
    """Every variable is one that `settings` knows, and what it reads of them is what the chart means."""
    variables = {entry["name"]: entry.get("value", "from-the-pod") for entry in container()["env"]}
    names = {settings.IMAGE, settings.PROMETHEUS, settings.CLUSTER, settings.WINDOWS, settings.NAMESPACE}
    assert variables.keys() == names | {
        settings.POD,
        settings.LOG_LEVEL,
        settings.OWN_IDENTITY,
        settings.NAMESPACE_LABEL,
        settings.USER_QUERIES,
    }
    read = settings.read_settings(variables)
    assert read.defaults.runtime_image == "seatrial-runtime:0.1.0"
    assert read.defaults.windows == ("1h", "24h")
    assert read.defaults.namespace_label == "namespace"
    assert read.namespace == read.identity == "from-the-pod"


def test_its_probes_and_its_port_are_the_servers() -> None:
    (port,) = container()["ports"]
    assert port["containerPort"] == PORT
    paths = {container()[probe]["httpGet"]["path"] for probe in ("readinessProbe", "livenessProbe")}
    assert paths == {"/readyz", "/healthz"}
    annotations = one("Deployment")["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/port"] == str(PORT)
    (service,) = one("Service", "seatrial-metrics")["spec"]["ports"]
    assert service["targetPort"] == port["name"]


def test_the_rules_are_the_ones_that_are_tested() -> None:
    groups = yaml.safe_load(one("ConfigMap", "seatrial-rules")["data"]["seatrial.yml"])["groups"]
    by_name = {group["name"]: group["rules"] for group in groups}
    assert list(by_name) == ["seatrial-1h", "seatrial-24h", "seatrial-operator"]
    hour, operator = rules_for("1h", held="30m", keep="1h")["groups"]
    docs = "https://seatrial.dev/docs"
    assert by_name["seatrial-1h"] == _with_docs(hour["rules"], docs)
    assert "<" not in "".join(str(rule.get("annotations", "")) for rules in by_name.values() for rule in rules)
    expressions = {rule["alert"]: rule["expr"] for rule in operator["rules"]}
    assert {rule["alert"]: rule["expr"] for rule in by_name["seatrial-operator"]} == expressions


def _with_docs(rules: list[Document], docs: str) -> list[Document]:
    text = yaml.safe_dump(rules).replace("https://docs", docs)
    found: list[Document] = yaml.safe_load(text)
    return found


@pytest.mark.parametrize("rule", [r for g in rules_for("1h")["groups"] for r in g["rules"] if "alert" in r])
def test_every_alert_says_what_to_read(rule: Document) -> None:
    page = rule["annotations"]["runbook_url"].removeprefix("https://docs")
    assert (ROOT / "docs" / page.lstrip("/")).is_file()
    assert rule["annotations"]["summary"].endswith(".")
    assert rule["annotations"]["description"].strip()
    assert rule["labels"]["severity"] in ("critical", "warning", "info")
