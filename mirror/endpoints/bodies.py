"""Request bodies: taken apart as they arrive, files to disk, the rest bounded in memory."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping

from aiohttp import web

from mirror.errors import Exceeded, Invalid
from mirror.formats.changes import Part, Receiver
from mirror.model import Digests
from mirror.store.batches import Batch
from mirror.store.blobs import Blobs
from mirror.store.writing import BlobWriter

IDLE = 60.0
"""Seconds that an upload may pause; there is no limit on the whole."""


def declared_size(request: web.BaseRequest, limit: int) -> None:
    """Refuse a body over the limit before a byte of it is read. Raises `Exceeded`."""
    size = request.content_length
    if size is not None and size > limit:
        raise Exceeded(f"the request body has {size} bytes, the limit is {limit} bytes")


async def chunks(request: web.BaseRequest, limit: int) -> AsyncIterator[bytes]:
    """The body as it arrives. Raises `Exceeded` past the limit and `ConnectionResetError` where
    the client goes away or pauses for too long.
    """
    if request.headers.get("Expect", "").lower() == "100-continue" and request.transport:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    read = 0
    while True:
        try:
            async with asyncio.timeout(IDLE):
                chunk = await request.content.readany()
        except TimeoutError as error:
            raise ConnectionResetError("the upload stood still") from error
        if not chunk:
            return
        read += len(chunk)
        if read > limit:
            raise Exceeded(f"the request body is larger than the limit of {limit} bytes")
        yield chunk


async def whole(request: web.BaseRequest, limit: int) -> bytes:
    """A small body in one piece; raises as `chunks`."""
    declared_size(request, limit)
    return b"".join([chunk async for chunk in chunks(request, limit)])


class Spool(Batch):
    """The files of one request body: a batch of blobs, each known by its part's name."""

    def __init__(self, blobs: Blobs) -> None:
        super().__init__(blobs)
        self._parts: dict[str, BlobWriter] = {}
        self.digests: dict[str, Digests] = {}

    async def receive(self, request: web.BaseRequest, receiver: Receiver, limit: int) -> bytes:
        """Read the whole body; what is no file comes back. Raises as `chunks`, and `Invalid`."""
        declared_size(request, limit)
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise Invalid("send the request body without a Content-Encoding")
        await self._take(receiver.feed(b""))
        async for chunk in chunks(request, limit):
            await self._take(receiver.feed(chunk))
        rest = receiver.close()
        for name, writer in self._parts.items():
            self.digests[name] = await writer.seal()
        return rest

    def parts(self) -> Mapping[str, Part]:
        """The files, for a format to look into."""
        return {name: self._opened(digests) for name, digests in self.digests.items()}

    async def _take(self, pieces: Iterable[tuple[str, bytes]]) -> None:
        for name, data in pieces:
            await (await self._part(name)).write(data)

    def _opened(self, digests: Digests) -> Part:
        path = self._blobs.path(digests.sha256)
        return Part(digests, lambda: path.open("rb"))

    async def _part(self, name: str) -> BlobWriter:
        writer = self._parts.get(name)
        if writer is None:
            writer = self._parts[name] = await self.writer()
        return writer
