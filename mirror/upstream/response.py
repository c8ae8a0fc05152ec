"""An upstream's answer, read at the reader's pace."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Protocol

import aiohttp
from yarl import URL

from mirror.codings import GZIP_MAGIC, decode
from mirror.errors import Misbehaved
from mirror.upstream.connections import Connection, printable
from mirror.upstream.failures import AttemptError, translated

if TYPE_CHECKING:
    from multidict import CIMultiDictProxy

INLINE = 64 * 1024
"""Encoded bytes up to which decoding on the event loop costs less than a thread."""


class Observer(Protocol):
    """Hears what happens on the way to upstreams; metrics implement it."""

    def answered(self, connection: str, status: int, seconds: float) -> None:
        """An answer's headers came after `seconds`."""

    def received(self, connection: str, count: int) -> None:
        """So many bytes of a body came."""

    def failed(self, connection: str, reason: str) -> None:
        """No answer, or not all of it; `reason` is one of a few words, fit for a label."""


class Deaf:
    """An observer that does nothing."""

    def answered(self, connection: str, status: int, seconds: float) -> None: ...

    def received(self, connection: str, count: int) -> None: ...

    def failed(self, connection: str, reason: str) -> None: ...


class Response:
    """Status, headers and a body that is read once. `url` is the last one after redirects.

    Reading raises `Unavailable` when the body breaks off or stalls.
    """

    def __init__(
        self, raw: aiohttp.ClientResponse, url: URL, connection: Connection, observer: Observer
    ) -> None:
        self._raw = raw
        self._connection = connection
        self._observer = observer
        self.status = raw.status
        self.headers: CIMultiDictProxy[str] = raw.headers
        self.url = url

    @property
    def length(self) -> int | None:
        """Content-Length in bytes as sent, where given."""
        return self._raw.content_length

    async def read(self) -> bytes:
        """The bytes that have come, as sent (still encoded); empty at the end.

        Waits for at least one. Cancelling it loses nothing: a later call goes on.
        """
        try:
            with translated(self._connection, self.url):
                data = await self._raw.content.readany()
        except AttemptError as failed:
            self._observer.failed(self._connection.name, failed.reason)
            raise failed.error from failed.__cause__
        if data:
            self._observer.received(self._connection.name, len(data))
        return data

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body in pieces, as sent (still encoded)."""
        while data := await self.read():
            yield data

    async def decoded(self, limit: int, *, sniff: bool = False) -> bytes:
        """The whole body without its Content-Encoding.

        `limit` is in bytes and holds before and after decoding. `sniff` recognises gzip that is
        not declared (npm's audit answers, npm/cli#9804). Raises `Misbehaved`.
        """
        body = bytearray()
        async for data in self.chunks():
            body += data
            if len(body) > limit:
                raise Misbehaved(f"{printable(self.url)} sent more than {limit} bytes")
        encoding = self.headers.get("Content-Encoding", "").strip().lower()
        if sniff and encoding in ("", "identity") and body.startswith(GZIP_MAGIC):
            encoding = "gzip"
        try:
            if len(body) <= INLINE and encoding in ("", "identity"):
                return bytes(body)
            return await asyncio.to_thread(decode, (bytes(body),), encoding, limit)
        except ValueError as error:
            raise Misbehaved(f"{printable(self.url)} cannot be decoded: {error}") from error

    def close(self) -> None:
        """Give the connection back, or close it where some of the body was not read."""
        if self._raw.content.at_eof():
            self._raw.release()
        else:
            self._raw.close()
