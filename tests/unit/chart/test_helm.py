"""The chart as helm takes it: install.yaml is what it gives, wrong values are refused, options do what they say."""

import importlib.util
import json
import re
import subprocess
from typing import Any

import pytest
import yaml

from seatrial.contract.metrics import OWN_LABELS
from tests.unit.api.schema import ROOT
from tests.unit.chart.programs_at_hand import program

CHART = ROOT / "helm" / "seatrial"
Document = dict[str, Any]


def template(**values: Any) -> list[Document]:
    """Return what the chart gives for values; CalledProcessError where it refuses them."""
    command = [program("helm"), "template", "seatrial", str(CHART), "--namespace", "somewhere", "--values", "-"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, input=json.dumps(values), timeout=60)
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def of_kind(documents: list[Document], kind: str) -> list[Document]:
    """Return the documents of a kind."""
    return [document for document in documents if document["kind"] == kind]


def notes(**values: Any) -> str:
    """Return what helm says after an installation, without a cluster."""
    command = [program("helm"), "install", "seatrial", str(CHART), "--dry-run=client", "--values", "-"]
    images = {"operator": "operator:1", "runtime": "runtime:1"}
    given = json.dumps({"image": images, **values})
    done = subprocess.run(command, check=True, capture_output=True, text=True, input=given, timeout=60)
    return done.stdout.partition("NOTES:\n")[2]


def test_install_yaml_is_what_the_chart_gives() -> None:
    path = ROOT / "manifests" / "render.py"
    spec = importlib.util.spec_from_file_location("render", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    rendered, kept = module.render(program("helm")), (ROOT / "manifests" / "install.yaml").read_text()
    assert list(yaml.safe_load_all(rendered)) == list(yaml.safe_load_all(kept)), "run python manifests/render.py"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"replica": 2}, "additional properties 'replica' not allowed"),
        ({"replicas": 0}, "at '/replicas': minimum: got 0, want 1"),
        ({"image": {"operator": "seatrial-operator"}}, "at '/image/operator'"),
        ({"image": {"tag": "1"}}, "additional properties 'tag' not allowed"),
        ({"cluster": "My cluster"}, "at '/cluster'"),
        ({"prometheus": {"url": "prometheus:9090"}}, "at '/prometheus/url'"),
        ({"prometheus": {"namespaceLabel": "a b"}}, "at '/prometheus/namespaceLabel'"),
        ({"prometheus": {"namespaceLabel": "__ns"}}, "prometheus.namespaceLabel is __ns; expected the label that"),
        ({"prometheus": {"namespaceLabel": "exported_ns"}}, "prometheus.namespaceLabel is exported_ns; expected"),
        ({"logLevel": "debug"}, "at '/logLevel': value must be one of 'DEBUG', 'INFO', 'WARNING', 'ERROR'"),
        ({"rules": {"windows": []}}, "at '/rules/windows': minItems: got 0, want 1"),
        ({"rules": {"windows": [{"window": "1h"}]}}, "missing properties 'for', 'keepFiringFor'"),
        ({"rules": {"windows": [{"window": "1 hour", "for": "1m", "keepFiringFor": "1m"}]}}, "/windows/0/window'"),
        ({"rules": {"windows": [{"window": "1h", "for": "soon", "keepFiringFor": "1m"}]}}, "/windows/0/for'"),
        (
            {"rules": {"windows": 2 * [{"window": "1h", "for": "1m", "keepFiringFor": "1m"}]}},
            "rules.windows names 1h twice; name each window once",
        ),
        ({"podMonitor": {"enabled": "yes"}}, "at '/podMonitor/enabled'"),
    ],
)
def test_wrong_values_are_refused_by_their_name(values: Document, words: str) -> None:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        template(**values)
    assert words in refused.value.stderr


@pytest.mark.parametrize("label", sorted(OWN_LABELS))
def test_a_label_that_series_have_of_their_own_says_of_no_pod_where_it_is(label: str) -> None:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        template(prometheus={"namespaceLabel": label})
    assert f"prometheus.namespaceLabel is {label}; expected the label" in refused.value.stderr


def test_where_a_pod_is_may_be_said_by_another_label() -> None:
    documents = template(prometheus={"namespaceLabel": "kubernetes_namespace"}, podMonitor={"enabled": True})
    (rules,) = of_kind(documents, "ConfigMap")
    groups = yaml.safe_load(rules["data"]["seatrial.yml"])["groups"]
    text = "".join(rule["expr"] for group in groups for rule in group["rules"])
    assert 'seatrial_stable_info{kubernetes_namespace="somewhere"}' in text
    assert re.search(r"(?<![a-z_])namespace", text) is None
    (operator,) = of_kind(documents, "Deployment")
    variables = operator["spec"]["template"]["spec"]["containers"][0]["env"]
    assert {"name": "SEATRIAL_NAMESPACE_LABEL", "value": "kubernetes_namespace"} in variables
    relabeled = [
        endpoint["relabelings"]
        for monitor in of_kind(documents, "PodMonitor")
        for endpoint in monitor["spec"]["podMetricsEndpoints"]
    ]
    told = [{"sourceLabels": ["__meta_kubernetes_namespace"], "targetLabel": "kubernetes_namespace"}]
    assert relabeled == [told] * 4


def test_the_notes_name_the_windows_and_the_way_that_the_how_to_upgrades_the_definition() -> None:
    windows = [{"window": window, "for": "5s", "keepFiringFor": "30s"} for window in ("1m", "2m", "1h")]
    said = notes(rules={"windows": windows})
    assert "Windows that spec.monitoring can name: 1m, 2m, 1h.\n" in said
    how_to = (ROOT / "docs" / "how-to" / "upgrade-and-uninstall.md").read_text()
    assert "helm show crds <chart> | kubectl apply --server-side -f -" in said
    assert "helm show crds helm/seatrial | kubectl apply --server-side -f -" in how_to


def test_the_windows_are_those_of_the_rules_and_of_the_operator() -> None:
    windows = [
        {"window": "1m", "for": "5s", "keepFiringFor": "30s"},
        {"window": "7d", "for": "1h", "keepFiringFor": "1d"},
    ]
    documents = template(rules={"windows": windows, "operator": False, "configMap": {"namespace": "monitoring"}})
    (rules,) = [d for d in of_kind(documents, "ConfigMap") if d["metadata"]["namespace"] == "monitoring"]
    groups = yaml.safe_load(rules["data"]["seatrial.yml"])["groups"]
    assert [group["name"] for group in groups] == ["seatrial-1m", "seatrial-7d"]
    assert "interval" not in groups[0]
    alerts = [rule for rule in groups[0]["rules"] if rule.get("alert") == "SeatrialDrift"]
    assert [(alert["for"], alert["keep_firing_for"]) for alert in alerts] == [("5s", "30s")]
    (operator,) = of_kind(documents, "Deployment")
    variables = {
        entry["name"]: entry.get("value") for entry in operator["spec"]["template"]["spec"]["containers"][0]["env"]
    }
    assert variables["SEATRIAL_WINDOWS"] == "1m,7d"


def test_the_prometheus_operator_gets_the_same_rules_and_every_endpoint() -> None:
    documents = template(
        rules={"prometheusRule": {"enabled": True, "labels": {"release": "prom"}}},
        podMonitor={"enabled": True, "labels": {"release": "prom"}},
    )
    (rule,) = of_kind(documents, "PrometheusRule")
    (kept,) = of_kind(documents, "ConfigMap")
    assert rule["spec"] == yaml.safe_load(kept["data"]["seatrial.yml"])
    monitors = of_kind(documents, "PodMonitor")
    assert all(document["metadata"]["labels"]["release"] == "prom" for document in [rule, *monitors])
    paths = {
        document["metadata"]["name"]: [endpoint["path"] for endpoint in document["spec"]["podMetricsEndpoints"]]
        for document in monitors
    }
    assert paths == {
        "seatrial-predictors": ["/metrics", "/metrics/drift"],
        "seatrial-collectors": ["/metrics"],
        "seatrial-operator": ["/metrics"],
    }


def test_monitors_select_the_pods_that_are_made() -> None:
    """A selector that selects nothing is a silent mistake."""
    documents = template(podMonitor={"enabled": True})
    selectors = {d["metadata"]["name"]: d["spec"]["selector"]["matchLabels"] for d in of_kind(documents, "PodMonitor")}
    made = {"app.kubernetes.io/managed-by": "seatrial", "seatrial.dev/component": "predictor"}
    assert selectors["seatrial-predictors"] == made
    (operator,) = of_kind(documents, "Deployment")
    pod = operator["spec"]["template"]["metadata"]["labels"]
    assert selectors["seatrial-operator"].items() <= pod.items()
    (service,) = of_kind(documents, "Service")
    assert service["spec"]["selector"].items() <= pod.items()


def test_options_of_the_pod_reach_the_pod() -> None:
    (operator,) = of_kind(
        template(
            replicas=2,
            image={"operator": "registry.example.org/op@sha256:1", "pullPolicy": "Never", "pullSecrets": ["pull"]},
            podLabels={"team": "ml"},
            podAnnotations={"note": "x"},
            serviceAccount={"name": "other"},
            nodeSelector={"disk": "ssd"},
            tolerations=[{"key": "a", "operator": "Exists"}],
            affinity={"nodeAffinity": {}},
            priorityClassName="high",
        ),
        "Deployment",
    )
    template_ = operator["spec"]["template"]
    assert operator["spec"]["replicas"] == 2
    assert template_["metadata"]["labels"]["team"] == "ml"
    assert template_["metadata"]["annotations"]["note"] == "x"
    pod = template_["spec"]
    assert pod["imagePullSecrets"] == [{"name": "pull"}]
    assert pod["serviceAccountName"] == "other"
    assert pod["nodeSelector"] == {"disk": "ssd"}
    assert pod["tolerations"] == [{"key": "a", "operator": "Exists"}]
    assert pod["affinity"] == {"nodeAffinity": {}}
    assert pod["priorityClassName"] == "high"
    assert pod["containers"][0]["image"] == "registry.example.org/op@sha256:1"
    assert pod["containers"][0]["imagePullPolicy"] == "Never"
