"""Bringing one file's bytes to disk, through broken connections."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from yarl import URL

from mirror.errors import Misbehaved, NotFound, Unavailable
from mirror.model import Digests, Promise
from mirror.store.writing import BlobWriter
from mirror.upstream.client import Client
from mirror.upstream.connections import Connection, printable
from mirror.upstream.following import Flight
from mirror.upstream.response import Response

Land = Callable[[Digests, frozenset[Any]], Awaitable[None]]
"""Commits the rows that refer to the blob, for the claims given. May be called again for later
claims; nothing is acknowledged before it returns."""

HELD_BACK = 64 * 1024
"""Bytes at the end that nobody gets before the digest is right. A file no larger than this is
released whole or not at all."""

RESUMPTIONS = 8
"""Broken connections that one transfer survives, as long as there is progress in between."""

BARREN = 1
"""Broken connections in a row that brought nothing."""

CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)\Z", re.IGNORECASE | re.ASCII)


class BrokenPromiseError(Misbehaved):
    """The bytes are not those that the upstream's own document promised."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to fetch and what to do with it. `limit` is the largest acceptable size in bytes."""

    connection: Connection
    url: URL
    promise: Promise
    limit: int
    land: Land


class Transfer:
    """From the upstream into a writer, releasing to the flight's followers on the way.

    `linger` is for how many seconds bytes may wait for more before they go to disk.
    """

    def __init__(
        self, client: Client, order: Order, writer: BlobWriter, flight: Flight, *, linger: float
    ) -> None:
        self._client = client
        self._order = order
        self._writer = writer
        self._flight = flight
        self._linger = linger
        self._size = order.promise.size
        self._validator: str | None = None

    async def run(self, *, fresh: bool) -> None:
        """All the bytes are in the writer afterwards, though not yet checked against digests.

        Raises `NotFound` (kind asset), `Unavailable`, `Misbehaved`, `Storage`.
        """
        # Identity: a file must come as it is stored and hashed (lessons: proxpi 1.2.2, AK#2920).
        headers = {"Accept-Encoding": "identity"}
        if fresh:
            headers["Cache-Control"] = "no-cache"
        barren = 0
        for _ in range(RESUMPTIONS + 1):
            before = self._writer.written
            if before:
                headers["Range"] = f"bytes={before}-"
                if self._validator is not None:
                    headers["If-Range"] = self._validator
            async with self._client.send(
                self._order.connection, "GET", self._order.url, headers=headers
            ) as response:
                skip = self._resumed(response) if before else self._begun(response)
                try:
                    await self._receive(response, skip)
                except Unavailable:
                    barren = barren + 1 if self._writer.written == before else 0
                    if barren > BARREN or not self._resumable():
                        raise
                else:
                    return
        raise Unavailable(f"{self._name} broke off {RESUMPTIONS + 1} times; try again later")

    @property
    def _name(self) -> str:
        return printable(self._order.url)

    def _begun(self, response: Response) -> int:
        """Judges the first answer; returns how many of its bytes to skip: none."""
        status = response.status
        if status in (404, 410):
            raise NotFound("asset", self._order.url.name, f"{self._name} does not exist")
        if 400 <= status < 500:
            # Never "not found": whoever hears that takes another version or another source.
            raise Unavailable(f"{self._name} was refused with status {status}", status=status)
        if status != 200:
            raise Misbehaved(f"{self._name} answered {status} instead of the file", status=status)
        if response.headers.get("Content-Type", "").lower().startswith("text/html") and (
            self._order.promise.strongest is not None
        ):
            raise Misbehaved(f"{self._name} answered a web page instead of the file")
        length = response.length
        if length is not None:
            if self._size is not None and length != self._size:
                raise BrokenPromiseError(
                    f"{self._name} should have {self._size} bytes, the answer has {length}"
                )
            self._size = length
        self._within_limit(self._size or 0)
        etag = response.headers.get("ETag", "")
        # RFC 9110 §13.1.5: If-Range takes a strong ETag or a date, never a weak one.
        strong = etag if etag.startswith('"') else None
        self._validator = strong or response.headers.get("Last-Modified")
        return 0

    def _resumed(self, response: Response) -> int:
        """Judges the answer to a Range request; returns how many of its bytes to skip."""
        have = self._writer.written
        if response.status == 206:
            found = CONTENT_RANGE.match(response.headers.get("Content-Range", "").strip())
            if found is None or int(found[1]) != have:
                raise Misbehaved(f"{self._name} sent another range than was asked for")
            if self._size is not None and found[3] not in ("*", str(self._size)):
                raise BrokenPromiseError(f"{self._name} changed its size in mid-transfer")
            return 0
        if response.status == 200:
            same = self._validator in (
                None,
                response.headers.get("ETag"),
                response.headers.get("Last-Modified"),
            )
            if not same or (self._size is not None and response.length not in (None, self._size)):
                raise BrokenPromiseError(f"{self._name} changed in mid-transfer")
            return have
        raise Unavailable(
            f"{self._name} broke off and cannot be resumed (status {response.status})",
            status=response.status,
        )

    def _resumable(self) -> bool:
        # With neither a validator nor a digest, two halves of different files could be joined.
        whole = self._writer.written == 0
        return whole or self._validator is not None or self._order.promise.strongest is not None

    async def _receive(self, response: Response, skip: int) -> None:
        while data := await self._next(response):
            fresh = data[skip:]
            skip -= len(data) - len(fresh)
            self._within_limit(self._writer.written + len(fresh))
            if self._size is not None and self._writer.written + len(fresh) > self._size:
                raise Misbehaved(f"{self._name} sent more than the {self._size} bytes it announced")
            await self._writer.write(fresh)
            self._release()
        if self._size is not None and self._writer.written < self._size:
            # Not cut off: the answer said that this was its end.
            raise BrokenPromiseError(
                f"{self._name} ended after {self._writer.written} of {self._size} bytes"
            )

    async def _next(self, response: Response) -> bytes:
        """The next bytes; when they are slow to come, those at hand go to the followers first."""
        if self._releasable(self._writer.written) > self._flight.released:
            try:
                async with asyncio.timeout(self._linger):
                    return await response.read()
            except TimeoutError:
                await self._writer.flush()
                self._release()
        return await response.read()

    def _release(self) -> None:
        count = self._releasable(self._writer.flushed)
        if count > 0:
            self._flight.release(count, self._writer.file, self._size)

    def _releasable(self, count: int) -> int:
        end = count if self._size is None else self._size
        # Of unknown length, any byte may be one of the last ones.
        return min(count, end - HELD_BACK)

    def _within_limit(self, size: int) -> None:
        if size > self._order.limit:
            raise Misbehaved(f"{self._name} is larger than the limit of {self._order.limit} bytes")
