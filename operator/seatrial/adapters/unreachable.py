"""Why another machine cannot be reached, for people."""

import aiohttp


def cause(error: Exception) -> Exception:
    """Return the operating system's own error where there is one: aiohttp's words speak of TLS for http too."""
    return error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
