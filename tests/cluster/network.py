"""The cluster's bridge, and the rules that keep all its traffic on this machine.

A Service address without a rule of kube-proxy (not yet there, or just deleted) would follow the default route and
leave the machine. So the Service range is routed to the bridge and refused: whatever is legitimate has been
rewritten to a pod's address before these rules see it. Pods reach each other and this machine, and nothing beyond.
"""

from __future__ import annotations

import itertools
import json
import re
import shlex
import shutil
from pathlib import Path
from typing import Final

from tests.cluster.commands import run, succeeds
from tests.cluster.failures import UnsuitableError
from tests.cluster.places import BRIDGE, NODE_ADDRESS, POD_RANGE, SERVICE_RANGE

NETWORK: Final = "seatrial"
MARK: Final = "seatrial-cluster"  # the comment of the rules that are made here
_SETTINGS: Final = ("net/ipv4/ip_forward", "net/bridge/bridge-nf-call-iptables")
_TIME: Final = 30.0
_FAMILIES: Final = ("iptables", "ip6tables")  # kube-proxy and the kubelet write both, whatever the cluster's addresses
_IPV6: Final = Path("/proc/sys/net/ipv6")
_OURS: Final = re.compile(r"KUBE-[A-Z0-9-]+")

# TCP is refused by a reset: the kernel sends other refusals to one pod at most once a second.
RULES: Final = (
    ("OUTPUT", f"-d {SERVICE_RANGE}", "REJECT"),
    ("OUTPUT", f"-d {SERVICE_RANGE} -p tcp", "REJECT --reject-with tcp-reset"),
    ("FORWARD", f"-d {SERVICE_RANGE}", "REJECT"),
    ("FORWARD", f"-s {POD_RANGE} ! -d {POD_RANGE}", "REJECT"),
    ("FORWARD", f"-s {POD_RANGE} ! -d {POD_RANGE} -p tcp", "REJECT --reject-with tcp-reset"),
    ("FORWARD", f"-s {POD_RANGE} -d {POD_RANGE}", "ACCEPT"),  # where the machine drops what it forwards
)


def traces() -> list[str]:
    """What of the bridge and of the cluster's rules is there."""
    found = [f"network device {BRIDGE}"] if _exists() else []
    for family in _FAMILIES:
        lines = removal(_saved(family)).splitlines()
        found += [f"{family} rule {line[3:]}" for line in lines if line.startswith(("-D", "-X"))]
    return found


def raise_up() -> None:
    """Make bridge, route and rules; what is there already stays."""
    _allow_forwarding()
    if not _exists():
        refuse_conflicts(run(["ip", "-4", "route"], timeout=_TIME))
        _ip("link", "add", BRIDGE, "type", "bridge")
    _ip("address", "replace", f"{NODE_ADDRESS}/16", "dev", BRIDGE)
    _ip("link", "set", BRIDGE, "up")
    _ip("route", "replace", SERVICE_RANGE, "dev", BRIDGE)
    for chain, match, target in RULES:
        rule = [chain, *match.split(), "-m", "comment", "--comment", MARK, "-j", *target.split()]
        if not succeeds(["iptables", "-w", "-C", *rule], timeout=_TIME):
            run(["iptables", "-w", "-I", *rule], timeout=_TIME)


def take_down() -> None:
    """Remove the bridge with its route, and the rules of this cluster and of its kube-proxy and kubelet."""
    if _exists():
        _ip("link", "delete", BRIDGE)
    for family in _FAMILIES:
        if deletions := removal(_saved(family)):
            run([f"{family}-restore", "-w", "--noflush"], timeout=_TIME, stdin=deletions)


def removal(saved: str) -> str:
    """What to feed to `iptables-restore --noflush` so that our rules go and no other is touched.

    `saved` is the output of iptables-save, or of ip6tables-save. Ours are the KUBE- chains, all rules in them and to
    them, and the rules with our comment. Every other rule keeps its place and its counters. Empty if nothing is ours.
    """
    tables = re.findall(r"^\*(\w+)\n(.*?)^COMMIT$", saved, re.MULTILINE | re.DOTALL)
    parts = [(name, _deletions(body.splitlines())) for name, body in tables]
    return "".join("\n".join([f"*{name}", *lines, "COMMIT", ""]) for name, lines in parts if lines)


def conflist(leases: Path) -> str:
    """The CNI configuration: the bridge plugin, addresses from the pod range, no masquerading."""
    bridge = {
        "type": "bridge",
        "bridge": BRIDGE,
        "isGateway": True,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "dataDir": str(leases),
            "ranges": [[{"subnet": POD_RANGE}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    return json.dumps({"cniVersion": "0.4.0", "name": NETWORK, "plugins": [bridge]}, indent=2)


def _saved(family: str) -> str:
    save = f"{family}-save"
    if shutil.which(save) is None or (family == "ip6tables" and not _IPV6.exists()):
        return ""
    return run([save], timeout=_TIME)


def _exists() -> bool:
    return (Path("/sys/class/net") / BRIDGE).exists()


def _deletions(lines: list[str]) -> list[str]:
    chains = [line[1:].split()[0] for line in lines if line.startswith(":")]
    ours = [chain for chain in chains if _OURS.fullmatch(chain)]
    rules = [line for line in lines if line.startswith("-A ")]
    single = [f"-D {rule[3:]}" for rule in rules if _is_single(rule)]
    return [*single, *(f"-F {chain}" for chain in ours), *(f"-X {chain}" for chain in ours)]


def _is_single(rule: str) -> bool:
    """Whether a rule is ours though its chain is not."""
    words = shlex.split(rule)
    if _OURS.fullmatch(words[1]):
        return False
    options = dict(itertools.pairwise(words))
    return options.get("--comment") == MARK or bool(_OURS.fullmatch(options.get("-j", "")))


def _allow_forwarding() -> None:
    for setting in _SETTINGS:
        path = Path("/proc/sys") / setting
        if not path.exists():
            succeeds(["modprobe", "br_netfilter"], timeout=_TIME)
        if not path.exists():
            raise UnsuitableError(f"/proc/sys/{setting} is missing: load the kernel module br_netfilter")
        path.write_text("1")


def refuse_conflicts(routes: str) -> None:
    taken = [line for line in routes.splitlines() if line.split()[0] in (POD_RANGE, SERVICE_RANGE)]
    if taken:
        raise UnsuitableError(f"another network of this machine has the cluster's range: {taken[0].strip()}")


def _ip(*words: str) -> None:
    run(["ip", *words], timeout=_TIME)
