"""Addresses that a spec may name. The operator calls them from its own pod, so they must not lead back into it."""

import ipaddress
import re
import socket
from urllib.parse import urlsplit

REMOTE_RULE = (
    "an address such as http://s3.example:7070: a host name of letters, digits, '-' and '.', no user name, no path,"
    " and not the caller's own machine (localhost, 127.0.0.0/8, 169.254.0.0/16)"
)
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*")  # what S3 clients take
_LONGEST_NAME = 253


def is_remote(url: str) -> bool:
    """Say whether this is the http or https address of another machine, by its text alone: a name is not looked up."""
    if not url.isprintable():  # urlsplit drops tabs and line ends silently
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        return False
    name = host.removesuffix(".")
    address = _address(name)
    if address is not None:
        return not (address.is_loopback or address.is_link_local or address.is_unspecified)
    is_name = _NAME.fullmatch(name) is not None and len(name) <= _LONGEST_NAME
    return is_name and name != "localhost" and not name.endswith(".localhost")


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Read a literal address, also as `127.1` or `0x7f000001`, which resolvers take; None for a name."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        try:
            return ipaddress.IPv4Address(socket.inet_aton(host))
        except (OSError, ValueError):
            return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
