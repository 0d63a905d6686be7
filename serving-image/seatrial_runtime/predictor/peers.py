"""Who is the shadow: the pods behind a headless Service that exists only while a candidate is in shadow.

That the name does not exist is the normal state. A predictor whose own address is behind the name is the shadow
itself, and posts to nobody.
"""

import asyncio
import socket
from collections.abc import Callable

from seatrial.contract.http import WHOLE_SAMPLE
from seatrial_runtime.predictor.worker import Worker

_INTERVAL, _PATIENCE = 2.0, 3.0  # seconds between lookups; seconds after which what was known is forgotten

Resolve = Callable[[str, int], frozenset[str]]


def resolve(host: str, family: int) -> frozenset[str]:
    """Return the addresses of a host name, none where it does not exist or cannot be looked up now. Blocks."""
    try:
        found = socket.getaddrinfo(host, None, family=family, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return frozenset()
    return frozenset(str(address[0]) for *_, address in found)


class Peers:
    """The shadow's addresses, looked up again and again while `watch` runs, and the sample that it asked for.

    `sample` is a percentage of the requests: all of them until `learn` is called, and again once the shadow has gone.
    """

    def __init__(self, host: str, own: str, resolver: Resolve = resolve) -> None:
        self._host, self._own, self._resolver = host, own, resolver
        self._family = socket.AF_INET6 if ":" in own else socket.AF_INET
        self._addresses: frozenset[str] = frozenset()
        self.sample = WHOLE_SAMPLE

    @property
    def is_shadow(self) -> bool:
        """Whether this pod is behind the shadow's name."""
        return self._own in self._addresses

    @property
    def targets(self) -> tuple[str, ...]:
        """The addresses to post to; none where this pod is a shadow itself."""
        return () if self.is_shadow else tuple(self._addresses)

    def learn(self, sample: int | None) -> None:
        """Take what a shadow's answer says of the sample, if it says so (not None) before the shadow has gone."""
        if sample is not None and self.targets:
            self.sample = sample

    async def watch(self) -> None:
        """Look the name up for ever; a resolver that hangs only makes the shadow unknown."""
        worker = Worker("resolver")
        while True:
            lookup = asyncio.ensure_future(worker.call(lambda: self._resolver(self._host, self._family)))
            if not (await asyncio.wait({lookup}, timeout=_PATIENCE))[0]:
                self._see(frozenset())
            self._see(await lookup)
            await asyncio.sleep(_INTERVAL)

    def _see(self, addresses: frozenset[str]) -> None:
        self._addresses = addresses
        if not self.targets:
            self.sample = WHOLE_SAMPLE
