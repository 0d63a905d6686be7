"""The configuration files of containerd and the kubelet."""

from __future__ import annotations

from tests.cluster.places import DNS_ADDRESS, Places

CGROUP = "/seatrial"
PAUSE_IMAGE = "localhost/pause:1"


def containerd(places: Places) -> str:
    """containerd.toml: everything below the state folder, no oom-score below what this process may set.

    Without CAP_SYS_RESOURCE runc cannot lower the score, and every sandbox would fail with "can't get final
    child's PID from pipe: EOF".
    """
    return f"""\
version = 2
root = "{places.state}/containerd"
state = "{places.running}/containerd"
[grpc]
  address = "{places.containerd_socket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "{places.state}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  sandbox_image = "{PAUSE_IMAGE}"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{places.state}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      Root = "{places.running}/runc"
"""


def kubelet(places: Places) -> str:
    """KubeletConfiguration: version 1 cgroups are allowed, pods live in a cgroup of their own, no image is removed.

    Changed ConfigMaps and Secrets reach their volumes within the short sync period.
    """
    return f"""\
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous: {{enabled: false}}
  webhook: {{enabled: true}}
  x509: {{clientCAFile: {places.pki}/ca.crt}}
authorization: {{mode: Webhook}}
cgroupDriver: cgroupfs
cgroupRoot: {CGROUP}
failCgroupV1: false
failSwapOn: false
containerRuntimeEndpoint: unix://{places.containerd_socket}
clusterDNS: [{DNS_ADDRESS}]
clusterDomain: cluster.local
resolvConf: ""
evictionHard: {{memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%}}
imageGCHighThresholdPercent: 100
syncFrequency: 2s
maxPods: 200
enforceNodeAllocatable: []
kubeAPIQPS: 200
kubeAPIBurst: 400
podLogsDir: {places.logs}/pods
volumePluginDir: {places.state}/plugins
"""
