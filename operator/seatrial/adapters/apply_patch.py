"""The body of a server-side apply: YAML, as the API server reads it.

JSON is nearly that. But JSON writes a character beyond U+FFFF as two escapes, which YAML refuses as no characters, and
with them the whole document: one emoji in somebody's text would keep an object from being written.
"""

import json
import re

from seatrial.ports import Document

# Without the parameter the client library would write the body by itself, as JSON.
APPLY = "application/apply-patch+yaml; charset=utf-8"

_ESCAPES = re.compile(r"\\\\|\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})|\\u(d[89a-f][0-9a-f]{2})")


def apply_body(document: Document) -> str:
    """Return a document as YAML; half of a pair of surrogates, which is no character, becomes U+FFFD."""
    return _ESCAPES.sub(_escape, json.dumps(document))


def _escape(found: re.Match[str]) -> str:
    high, low, alone = found.groups()
    if alone:
        return "\\ufffd"
    if not high:
        return found[0]  # an escaped backslash: what follows it is no escape
    return f"\\U{0x10000 + ((int(high, 16) - 0xD800) << 10) + int(low, 16) - 0xDC00:08X}"
