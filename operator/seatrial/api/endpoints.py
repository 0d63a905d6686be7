"""Addresses that a spec may name. The operator calls them from its own pod, so they must not lead back into it."""

import ipaddress
import socket
from urllib.parse import urlsplit

REMOTE_RULE = (
    "an address such as http://s3.example:7070, without a user name, and not one of the caller's own machine"
    " (localhost, 127.0.0.0/8, 169.254.0.0/16)"
)


def is_remote(url: str) -> bool:
    """Say whether this is the http or https address of another machine, by its text alone: a name is not looked up."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        return False
    name = host.rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return False
    address = _address(name)
    return address is None or not (address.is_loopback or address.is_link_local or address.is_unspecified)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Read a literal address, also as `127.1` or `0x7f000001`, which resolvers take; None for a name."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        try:
            return ipaddress.IPv4Address(socket.inet_aton(host))
        except OSError:
            return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
