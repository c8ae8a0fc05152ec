"""One transfer per asset, however many ask for it.

The transfer belongs to the flight table, not to a request: it goes to disk, and everyone, the
first one included, follows the file at their own pace. A slow or departed client changes nothing.
"""

import asyncio
import logging
from collections.abc import Hashable
from typing import Any

from mirror.errors import MirrorError, Misbehaved, Unavailable
from mirror.model import Digests
from mirror.store.blobs import Blobs
from mirror.upstream.client import Client
from mirror.upstream.connections import printable
from mirror.upstream.following import Flight, Follower
from mirror.upstream.transfer import BrokenPromiseError, Land, Order, Transfer

__all__ = ["Flight", "Flights", "Follower", "Land", "Order"]

logger = logging.getLogger(__name__)


class Flights:
    """The table of transfers under way."""

    def __init__(self, client: Client, blobs: Blobs, *, linger: float = 0.05) -> None:
        self._client = client
        self._blobs = blobs
        self._linger = linger
        self._flights: dict[Hashable, Flight] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    def __len__(self) -> int:
        return len(self._flights)

    def under_way(self, key: Hashable) -> bool:
        """Whether `join` would join another's flight."""
        return key in self._flights

    def join(self, key: Hashable, order: Order, claim: Any) -> Flight:
        """The flight under way for `key`, or a new one as `order` says; `claim` is added to it.

        The key must contain whatever makes two requests differ: origin and promised digest, not
        only a file's name (EpicWink/proxpi#59). Ask only once the caller's right to the asset is
        decided: a flight is shared, and shares no rights.
        """
        flight = self._flights.get(key)
        if flight is None:
            if self._closing:
                raise Unavailable("the mirror is shutting down; try again in a moment")
            flight = self._flights[key] = Flight(printable(order.url))
            task = asyncio.create_task(self._fly(key, flight, order), name=f"flight {flight.name}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        flight.claims.add(claim)
        return flight

    async def close(self, grace: float) -> None:
        """Take no new orders, give those under way `grace` seconds, then break them off."""
        self._closing = True
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _fly(self, key: Hashable, flight: Flight, order: Order) -> None:
        try:
            try:
                await self._carry(key, flight, order, fresh=False)
            except BrokenPromiseError:
                # Wrong bytes from a cache on the way are common (pypi/warehouse#17747), and
                # nobody has seen any yet: ask once more, past the caches.
                if flight.released:
                    raise
                await self._carry(key, flight, order, fresh=True)
        except MirrorError as error:
            logger.warning("fetching %s failed: %s", flight.name, error)
            self._fail(key, flight, error)
        except Exception:
            logger.exception("fetching %s failed unexpectedly", flight.name)
            self._fail(key, flight, Unavailable(f"fetching {flight.name} failed; see the log"))
        finally:
            if not flight.over:
                self._fail(key, flight, Unavailable(f"fetching {flight.name} was broken off"))

    def _fail(self, key: Hashable, flight: Flight, error: MirrorError) -> None:
        # Off the table first: whoever hears of the failure and asks again gets a new flight.
        self._flights.pop(key, None)
        flight.fail(error)

    async def _carry(self, key: Hashable, flight: Flight, order: Order, *, fresh: bool) -> None:
        def check(digests: Digests) -> None:
            broken = order.promise.broken_by(digests)
            if broken is not None:
                raise BrokenPromiseError(f"{flight.name} is not what was announced: {broken}")
            if digests.size == 0 and order.promise.strongest is None:
                raise Misbehaved(f"{flight.name} is empty")

        async with self._blobs.writer() as writer:
            transfer = Transfer(self._client, order, writer, flight, linger=self._linger)
            await transfer.run(fresh=fresh)
            digests = await writer.seal(check)
            landed: set[Any] = set()
            while not landed or flight.claims - landed:
                claims = frozenset(flight.claims - landed)
                await order.land(digests, claims)
                landed |= claims
            # No await since the last look at the claims: a request joins until here, and from
            # here on it finds the rows (AK#3335: none may fall in between and fetch again).
            self._flights.pop(key, None)
            file = writer.file
            await writer.settle()
            flight.finish(digests, file)
