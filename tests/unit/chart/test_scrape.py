"""Every scrape configuration that we show or use says where a pod is, and lets no pod say it itself."""

import re
from typing import Any

import pytest
import yaml

from tests.unit.api.schema import ROOT

Job = dict[str, Any]


def shown() -> list[Job]:
    """Return the jobs on the page for users."""
    [text] = re.findall(r"```yaml\n(- job_name.*?)```", (ROOT / "docs/how-to/prometheus.md").read_text(), re.DOTALL)
    jobs: list[Job] = yaml.safe_load(text)
    return jobs


def used() -> list[Job]:
    """Return the embedded cluster's jobs."""
    documents = yaml.safe_load_all((ROOT / "tests/cluster/manifests/prometheus.yaml").read_text())
    [configuration] = [one for one in documents if one["kind"] == "ConfigMap"]
    jobs: list[Job] = yaml.safe_load(configuration["data"]["prometheus.yml"])["scrape_configs"]
    return jobs


@pytest.mark.parametrize("job", [*shown(), *used()], ids=lambda job: job["job_name"])
def test_a_job_sets_the_namespace_and_the_pod_as_target_labels(job: Job) -> None:
    targets = {one["target_label"]: one["source_labels"] for one in job["relabel_configs"] if "target_label" in one}
    assert targets["namespace"] == ["__meta_kubernetes_namespace"]
    assert targets["pod"] == ["__meta_kubernetes_pod_name"]
    assert not job.get("honor_labels", False)


def test_both_endpoints_are_scraped() -> None:
    for jobs in (shown(), used()):
        assert [job.get("metrics_path", "/metrics") for job in jobs] == ["/metrics", "/metrics/drift"]
