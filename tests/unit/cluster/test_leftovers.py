"""What an earlier cluster left is told from what belongs to others."""

from __future__ import annotations

from pathlib import Path

from tests.cluster import leftovers

MOUNTS = """\
/dev/vda / ext4 rw 0 0
tmpfs /sys/fs/cgroup tmpfs rw 0 0
cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0
overlay /state/run/containerd/x/rootfs overlay rw 0 0
tmpfs /state/kubelet/pods/a/volumes/with\\040blank tmpfs rw 0 0
tmpfs /state-of-another/run tmpfs rw 0 0
shm /state/run/containerd/x/rootfs/dev/shm tmpfs rw 0 0
"""


def test_mounts_go_in_the_reverse_order_and_only_those_below_the_folder() -> None:
    assert leftovers.mounts_below(Path("/state"), MOUNTS) == (
        "/state/run/containerd/x/rootfs/dev/shm",
        "/state/kubelet/pods/a/volumes/with blank",
        "/state/run/containerd/x/rootfs",
    )


def test_both_versions_of_cgroups_are_found() -> None:
    assert leftovers.cgroup_roots(MOUNTS) == (Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup/unified"))
