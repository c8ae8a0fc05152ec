"""Request bodies: taken apart as they arrive, files to disk, the rest bounded in memory."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import BinaryIO, Self

from aiohttp import web

from mirror.errors import Exceeded, Invalid
from mirror.formats.format import Part, Receiver
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


class Spool:
    """The files of one request body, on disk and sealed; they stay only if `keep` is reached."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._batch = Batch(blobs)
        self._writers: dict[str, BlobWriter] = {}
        self.digests: dict[str, Digests] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._batch.__aexit__(kind, error, trace)

    async def receive(self, request: web.BaseRequest, receiver: Receiver, limit: int) -> bytes:
        """Read the whole body; what is no file comes back. Raises as `chunks`, and `Invalid`."""
        declared_size(request, limit)
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise Invalid("send the request body without a Content-Encoding")
        async for chunk in chunks(request, limit):
            for name, data in receiver.feed(chunk):
                await (await self._writer(name)).write(data)
        rest = receiver.close()
        for name, writer in self._writers.items():
            self.digests[name] = await writer.seal()
        return rest

    def parts(self) -> Mapping[str, Part]:
        """The files, for a format to look into."""
        return {
            name: Part(digests, self._opener(digests)) for name, digests in self.digests.items()
        }

    async def keep(self) -> None:
        """The rows that refer to the files are committed."""
        await self._batch.keep()

    async def _writer(self, name: str) -> BlobWriter:
        writer = self._writers.get(name)
        if writer is None:
            writer = self._writers[name] = await self._batch.writer()
        return writer

    def _opener(self, digests: Digests) -> "Opener":
        return Opener(self._blobs, digests.sha256)


class Opener:
    """Opens a spooled file; called in the thread that looks into it."""

    def __init__(self, blobs: Blobs, sha256: str) -> None:
        self._path = blobs.path(sha256)

    def __call__(self) -> BinaryIO:
        return self._path.open("rb")
