"""The embedded cluster, asked for what its README promises. Everything here talks to the cluster's own addresses."""

from __future__ import annotations

import json
import socket
import sys
import threading
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.cluster import Cluster, Progress, network, places, processes, stamps
from tests.cluster.commands import CommandError, run
from tests.cluster.probes import http_status, resolve, wait_for

pytestmark = pytest.mark.cluster

UNRULED = "10.96.200.200"  # a Service address that no Service has
SLOW = 60.0


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    cluster = Cluster()
    assert cluster.running(), "the embedded cluster does not run: make cluster-up"
    return cluster


@pytest.fixture(scope="module")
def namespace(cluster: Cluster) -> Iterator[str]:
    name = f"cluster-test-{uuid.uuid4().hex[:8]}"
    cluster.kubectl("create", "namespace", name)
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="module")
def image(cluster: Cluster) -> str:
    return cluster.base_image(Progress(lambda line: None))


@pytest.fixture
def bucket(cluster: Cluster) -> Iterator[tuple[Any, str]]:
    client = boto3.client(
        "s3",
        endpoint_url=cluster.addresses.s3,
        region_name="us-east-1",
        aws_access_key_id=places.S3_ACCESS_KEY,
        aws_secret_access_key=places.S3_SECRET_KEY,
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}, read_timeout=20),
    )
    name = f"cluster-test-{uuid.uuid4().hex[:8]}"
    client.create_bucket(Bucket=name)
    yield client, name
    for item in client.list_objects_v2(Bucket=name).get("Contents", []):
        client.delete_object(Bucket=name, Key=item["Key"])
    client.delete_bucket(Bucket=name)
    client.close()


def pod(name: str, image: str, script: str, **metadata: Any) -> dict[str, Any]:
    container = {
        "name": "main",
        "image": image,
        "imagePullPolicy": "Never",
        "command": ["python3", "-u", "-c", script],
        "securityContext": {"runAsUser": 65532, "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True},
    }
    spec = {"restartPolicy": "Never", "terminationGracePeriodSeconds": 0, "containers": [container]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, **metadata}, "spec": spec}


def answer_of(cluster: Cluster, namespace: str, image: str, script: str) -> str:
    """What a script prints in a pod."""
    name = f"script-{uuid.uuid4().hex[:8]}"
    cluster.kubectl.apply_object(pod(name, image, script, namespace=namespace))
    cluster.kubectl(
        "wait", f"pod/{name}", "-n", namespace, "--for=jsonpath={.status.phase}=Succeeded", f"--timeout={SLOW:.0f}s"
    )
    printed: str = cluster.kubectl("logs", name, "-n", namespace)
    return printed.strip()


def test_the_node_is_ready(cluster: Cluster) -> None:
    [node] = json.loads(cluster.kubectl("get", "nodes", "--output=json"))["items"]

    ready = {condition["type"]: condition["status"] for condition in node["status"]["conditions"]}["Ready"]
    assert (node["metadata"]["name"], ready) == (places.NODE, "True")
    assert node["status"]["nodeInfo"]["kubeletVersion"] == "v1.35.4"


def test_helm_reaches_the_cluster(cluster: Cluster) -> None:
    assert json.loads(run([cluster.bin("helm"), "list", "--all-namespaces", "--output=json"], timeout=30)) is not None


def test_names_resolve_from_this_machine_and_in_pods(cluster: Cluster, namespace: str, image: str) -> None:
    script = "import socket; print(socket.gethostbyname('prometheus.monitoring.svc'))"

    assert resolve("s3.storage.svc.cluster.local", places.DNS_ADDRESS) == places.S3_ADDRESS
    assert resolve("nothing.storage.svc.cluster.local", places.DNS_ADDRESS) is None
    assert answer_of(cluster, namespace, image, script) == places.PROMETHEUS_ADDRESS


def refusal(call: Callable[[], Any]) -> int | None:
    """The status with which S3 refuses a call; none if it takes it."""
    try:
        call()
    except ClientError as error:
        return int(error.response["ResponseMetadata"]["HTTPStatusCode"])
    return None


def test_an_object_is_written_once(bucket: tuple[Any, str]) -> None:
    client, name = bucket
    put = partial(client.put_object, Bucket=name, Key="manifest", IfNoneMatch="*")

    assert refusal(partial(put, Body=b"first")) is None
    assert refusal(partial(put, Body=b"second")) == 412
    assert client.get_object(Bucket=name, Key="manifest")["Body"].read() == b"first"


def test_a_channel_moves_only_from_what_was_read(bucket: tuple[Any, str]) -> None:
    client, name = bucket
    old = client.put_object(Bucket=name, Key="channel", Body=b"1")["ETag"]
    move = partial(client.put_object, Bucket=name, Key="channel", IfMatch=old)

    assert refusal(partial(move, Body=b"2")) is None
    assert refusal(partial(move, Body=b"3")) == 412
    assert client.get_object(Bucket=name, Key="channel")["Body"].read() == b"2"


def test_of_racing_writers_one_wins(bucket: tuple[Any, str]) -> None:
    client, name = bucket
    start = threading.Barrier(8)

    def write(number: int) -> int | None:
        start.wait(timeout=SLOW)
        return refusal(lambda: client.put_object(Bucket=name, Key="raced", Body=str(number).encode(), IfNoneMatch="*"))

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(write, range(8)))

    winner = int(client.get_object(Bucket=name, Key="raced")["Body"].read())
    assert [number for number, answer in enumerate(answers) if answer is None] == [winner]


SERVER = """
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'cluster_test_answers{kind="own"} 7\\n'
        self.send_response(200 if self.path in ("/", "/own/metrics") else 404)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
ThreadingHTTPServer(("", 8080), Handler).serve_forever()
"""


@pytest.fixture(scope="module")
def server(cluster: Cluster, namespace: str, image: str) -> Iterator[str]:
    """A pod that answers at / and has metrics at a path of its own, behind a Service and a route."""
    host = f"{namespace}.example"
    annotations = {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": "8080",
        "prometheus.io/path": "/own/metrics",
    }
    served = {"name": "server", "namespace": namespace}
    running = pod("server", image, SERVER, namespace=namespace, labels={"app": "server"}, annotations=annotations)
    service = {"selector": {"app": "server"}, "ports": [{"port": 80, "targetPort": 8080}]}
    parents = [{"name": "models", "namespace": "gateways"}]
    rules = [{"backendRefs": [{"name": "server", "port": 80}]}]
    cluster.kubectl.apply_object(
        running,
        {"apiVersion": "v1", "kind": "Service", "metadata": served, "spec": service},
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "HTTPRoute",
            "metadata": served,
            "spec": {"parentRefs": parents, "hostnames": [host], "rules": rules},
        },
    )
    yield host
    cluster.kubectl("delete", "httproute,service,pod", "server", "-n", namespace, "--wait=false")


def test_the_gateway_serves_a_route_and_nothing_else(cluster: Cluster, server: str) -> None:
    wait_for("the route", lambda: http_status(cluster.addresses.gateway, host=server) == 200, timeout=SLOW)

    assert http_status(f"{cluster.addresses.gateway}/missing", host=server) == 404
    assert http_status(cluster.addresses.gateway, host="nobody.example") == 404


def query(cluster: Cluster, text: str) -> list[dict[str, str]]:
    """The label sets of an instant query."""
    url = f"{cluster.addresses.prometheus}/api/v1/query"
    with urllib.request.urlopen(f"{url}?{urllib.parse.urlencode({'query': text})}", timeout=5) as response:
        answer = json.load(response)
    return [series["metric"] for series in answer["data"]["result"]]


def test_annotated_pods_are_scraped_and_labelled(cluster: Cluster, namespace: str, server: str) -> None:
    text = f'cluster_test_answers{{namespace="{namespace}"}}'
    wait_for("the series", lambda: bool(query(cluster, text)), timeout=SLOW)

    [series] = query(cluster, text)
    address = series.pop("instance")
    assert series == {
        "__name__": "cluster_test_answers",
        "job": "pods",
        "kind": "own",
        "namespace": namespace,
        "pod": "server",
    }
    assert address.endswith(":8080")


def test_envoys_own_metrics_are_there(cluster: Cluster) -> None:
    assert query(cluster, 'envoy_http_downstream_rq_total{namespace="projectcontour"}')


@pytest.fixture
def own_rule(cluster: Cluster) -> Iterator[str]:
    """A rule file beside whatever rules are installed, owned by this test alone."""
    record = f"cluster_test:{uuid.uuid4().hex[:8]}"
    text = f"groups: [{{name: {record}, rules: [{{record: {record!r}, expr: vector(1)}}]}}]"

    def apply(data: dict[str, str]) -> None:
        value = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"namespace": "monitoring", "name": "seatrial-rules"},
            "data": data,
        }
        cluster.kubectl("apply", "--server-side", "--field-manager=cluster-test", "-f", "-", stdin=json.dumps(value))

    apply({"cluster-test.yml": text})
    yield record
    apply({})
    left = json.loads(cluster.kubectl("get", "configmap", "seatrial-rules", "-n", "monitoring", "--output=json"))
    if not left.get("data"):
        cluster.kubectl("delete", "configmap", "seatrial-rules", "-n", "monitoring")


def test_rules_reach_prometheus_by_themselves(cluster: Cluster, own_rule: str) -> None:
    wait_for("the rule", lambda: bool(query(cluster, own_rule)), timeout=SLOW)


def test_the_service_range_is_routed_to_the_bridge_and_refused() -> None:
    [route] = json.loads(run(["ip", "-json", "route", "get", UNRULED], timeout=10))

    assert route["dev"] == places.BRIDGE
    for chain, match, target in network.RULES:
        rule = [chain, *match.split(), "-m", "comment", "--comment", network.MARK, "-j", *target.split()]
        run(["iptables", "-w", "-C", *rule], timeout=10)


def test_an_address_without_a_service_is_refused_to_this_machine() -> None:
    with pytest.raises(ConnectionRefusedError), socket.create_connection((UNRULED, 80), timeout=20):
        pass


def test_an_address_without_a_service_is_refused_to_pods(cluster: Cluster, namespace: str, image: str) -> None:
    script = f"""
import socket
try:
    socket.create_connection(("{UNRULED}", 80), timeout=20)
except OSError as error:
    print(type(error).__name__)
"""

    assert answer_of(cluster, namespace, image, script) == "ConnectionRefusedError"


def test_a_healthy_cluster_is_left_alone(cluster: Cluster) -> None:
    assert stamps.recorded(cluster.places) == stamps.wanted(cluster.places), "run make cluster-up after a change"
    before = processes.remembered(cluster.places.running)
    lines: list[str] = []

    cluster.up(Progress(lines.append))

    assert lines == []
    assert processes.remembered(cluster.places.running) == before


def test_the_command_line_knows_the_running_cluster() -> None:
    shown = run([sys.executable, "-m", "tests.cluster", "status"], timeout=60, environment={"KUBECONFIG": ""})

    assert "dead" not in shown
    assert "silent" not in shown


def test_only_expected_calls_are_taken() -> None:
    with pytest.raises(CommandError, match="exit code 2"):
        run([sys.executable, "-m", "tests.cluster", "sideways"], timeout=60)
