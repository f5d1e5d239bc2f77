"""The far ends of a process's live connections: one guarded client, and the tokens they were given."""

from collections.abc import Iterable

from providers.live import choose
from providers.live.hosting import Hosting, Token
from providers.live.wire import PATIENCE
from providers.outbound import Limits, Outbound

MOST_TOKENS = 1000


class LiveHosts:
    """Opens providers by kind and credentials; `allowed` are the hosts that may be private, as Outbound takes them."""

    def __init__(self, allowed: Iterable[str] = (), patience: Limits = PATIENCE) -> None:
        self._outbound = Outbound(allowed, patience)
        self._memory: dict[str, Token] = {}

    def of(self, kind: str, secret: str) -> Hosting:
        """The provider as the holder of these credentials; nothing is asked yet."""
        if len(self._memory) > MOST_TOKENS:
            self._memory.clear()
        return choose(kind).open(secret, self._outbound, self._memory)

    async def close(self) -> None:
        """Let go of connections."""
        await self._outbound.close()
