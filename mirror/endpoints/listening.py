"""An open port: what answers on it, and how it ends."""

import asyncio
import contextlib
import ssl

from mirror.endpoints.front import Front, Handler, Limits, Reception
from mirror.endpoints.hot import HotPath

PARTING = 1.0
"""Seconds for cancelled handlers to clean up."""


class Listening:
    """An open port; `serve` makes it, `close` ends it."""

    def __init__(self, reception: Reception, acceptor: asyncio.Server) -> None:
        self._reception = reception
        self._acceptor = acceptor
        self.port: int = acceptor.sockets[0].getsockname()[1]

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._reception.fronts)

    @property
    def requests(self) -> int:
        """How many took the long way, through aiohttp."""
        return self._reception.server.requests_count

    async def close(self, grace: float) -> None:
        """Accept nothing more, let requests in progress end for `grace` seconds, break the rest."""
        self._acceptor.close()
        reception = self._reception
        for front in tuple(reception.fronts):
            front.part()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await reception.empty.wait()
        cancelled = [front.task for front in reception.fronts]
        for front in tuple(reception.fronts):
            front.abort()
        if tasks := [task for task in cancelled if task is not None]:
            await asyncio.wait(tasks, timeout=PARTING)
        await reception.empty.wait()


async def serve(
    handler: Handler,
    host: str,
    port: int,
    *,
    limits: Limits | None = None,
    hot: HotPath | None = None,
    tls: ssl.SSLContext | None = None,
) -> Listening:
    """Answer requests on `host` and `port` (0: any free one) with `handler`.

    `handler` is called for each well-formed request, also for methods and paths that mean
    nothing; `hot` sees plain requests first. `OSError` when the address cannot be had.
    """
    reception = Reception(handler, limits or Limits(), hot)
    acceptor = await asyncio.get_running_loop().create_server(
        lambda: Front(reception), host, port, ssl=tls, backlog=2048, reuse_address=True
    )
    return Listening(reception, acceptor)
