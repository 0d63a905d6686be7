"""Firing alerts, for all models in one question: polling knows what fires now, whatever webhooks were lost.

Any pod that is scraped can expose series named ALERTS. So an alert counts only where the target label, which says where
such a pod is and which the rules set to the model's namespace, names the namespace of the model.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from seatrial.contract import metrics
from seatrial.core.observed import Alert
from seatrial.ports import Key, Series

QUERY = f'ALERTS{{alertstate="firing",{metrics.ACTION_LABEL}!=""}}'


def read_alerts(series: Sequence[Series], namespace_label: str) -> Mapping[Key, tuple[Alert, ...]]:
    """Return the firing alerts of each ModelDeployment, in a fixed order."""
    alerts: dict[Key, list[Alert]] = defaultdict(list)
    for one in series:
        labels = one.labels
        key = Key(labels.get(metrics.NAMESPACE, ""), labels.get(metrics.NAME, ""))
        if key.namespace and key.name and labels.get(namespace_label) == key.namespace:
            alerts[key].append(_alert(labels))
    return {key: tuple(sorted(found, key=lambda a: (a.reason, a.detail))) for key, found in alerts.items()}


def _alert(labels: Mapping[str, str]) -> Alert:
    """An alert's annotations are not in the series, so its labels make the sentence."""
    feature, window = labels.get(metrics.FEATURE), labels.get(metrics.WINDOW)
    detail = labels.get("alertname", "alert")
    detail += f" of {feature}" if feature else ""
    detail += f" over {window}" if window else ""
    reason = labels.get(metrics.REASON_LABEL, "alert")
    return Alert(labels.get("alertname", ""), reason, detail, labels.get(metrics.REVISION, ""))
