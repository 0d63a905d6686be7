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


def test_links_to_our_pods_logs_are_told_from_others(tmp_path: Path) -> None:
    folder, logs = tmp_path / "containers", tmp_path / "state" / "log"
    folder.mkdir()
    (folder / "ours.log").symlink_to(logs / "pods" / "gone" / "0.log")
    (folder / "theirs.log").symlink_to(tmp_path / "elsewhere" / "0.log")
    (folder / "file.log").touch()

    assert leftovers.log_links(folder, logs) == [folder / "ours.log"]
    assert leftovers.log_links(tmp_path / "no folder", logs) == []


def test_the_loopback_interfaces_of_our_pods_are_told_from_others(tmp_path: Path) -> None:
    for name in ("seatrial-aa11-eth0", "cni-loopback-aa11-lo", "cni-loopback-bb22-lo", "bridge-bb22-eth0"):
        (tmp_path / name).touch()

    found = leftovers.cni_notes(tmp_path)

    assert [path.name for path in found] == ["seatrial-aa11-eth0", "cni-loopback-aa11-lo"]
