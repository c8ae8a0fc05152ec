"""One round of asking an upstream: its documents, conditionally, and what they say of a package.

Nothing of a round is kept before all of it is known to be good, so an empty, broken or HTML answer
never replaces what we have (bandersnatch#140, artifact-keeper#4028). What is kept is not synced: a
document that a power cut takes is asked for again, and a cold install would wait for thousands.
"""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial

from yarl import URL

from mirror.compute import Compute
from mirror.errors import Misbehaved, NotFound, Unavailable, Upstream
from mirror.formats import FORMATS
from mirror.formats.format import Fetch
from mirror.model import Digests, Package
from mirror.repositories.composing import (
    DocumentFile,
    decoded,
    read_listing,
    unpacked_size,
)
from mirror.store.batches import Batch
from mirror.store.blobs import Blobs
from mirror.store.documents import (
    Documents,
    NewDocument,
    NewListing,
    News,
    StoredDocument,
    StoredListing,
)
from mirror.store.writing import NAMING, BlobWriter
from mirror.upstream.client import Client
from mirror.upstream.connections import Connection, printable
from mirror.upstream.response import Response
from mirror.upstream.transfer import BrokenPromiseError

ACCEPTED_CODINGS = "gzip, deflate"


@dataclass(frozen=True, slots=True)
class _Received:
    """A document of this round: where its bytes are, and the new row where it changed.

    `asked` tells that this round asked for it, and so may renew its stamp.
    """

    url: str
    location: str
    sha256: str
    size: int
    encoding: str
    new: NewDocument | None = None
    asked: bool = True

    @classmethod
    def again(cls, stored: StoredDocument, *, asked: bool) -> "_Received":
        """One that is here already."""
        place = (stored.url, stored.location, stored.sha256, stored.size, stored.encoding)
        return cls(*place, asked=asked)


class Fetcher:
    """Asks, checks, stores. Coalescing, lifetimes and staleness are the caller's."""

    def __init__(
        self,
        client: Client,
        documents: Documents,
        blobs: Blobs,
        compute: Compute,
        *,
        document_size: int,
    ) -> None:
        self._client = client
        self._documents = documents
        self._blobs = blobs
        self._compute = compute
        self._limit = document_size
        self._common: dict[str, asyncio.Task[StoredDocument]] = {}

    async def listing(
        self, connection: Connection, package: Package, known: StoredListing | None
    ) -> None:
        """Bring the listing of a package up to date with the upstream.

        `known` is what the index has now. Raises `NotFound` for a package that the upstream does
        not have or lists no version of, `Misbehaved` and `Unavailable`; the index is then as it
        was before.
        """
        base = str(connection.url)
        async with _steady(package), Batch(self._blobs, durable=False, algorithms=NAMING) as batch:
            received = await self._converse(connection, package, batch)
            source = hashlib.sha256("".join(each.sha256 for each in received).encode()).hexdigest()
            now = time.time()
            changed = [each.new for each in received if each.new is not None]
            if known is not None and known.source == source:
                if changed:  # the same bytes under new validators
                    await self._documents.put(News(changed), now)
                    await batch.keep()
                asked = [each.url for each in received if each.asked]
                await self._documents.checked(base, package, asked, now)
                return
            files = [
                DocumentFile(self._blobs.path(each.sha256), each.encoding, each.location)
                for each in received
            ]
            size = sum(each.size for each in received if not each.encoding)
            if packed := [each for each in files if each.encoding]:
                size += await self._compute.run(0, unpacked_size, packed, self._limit)
            content = await self._compute.run(
                size, read_listing, package, files, self._limit, self._blobs.incoming
            )
            digests = await batch.add(content)
            released = await self._documents.put(
                News(changed, NewListing(base, package, digests, source)), now
            )
            await batch.keep()
        await self._blobs.discard(released)

    async def document(self, connection: Connection, fetch: Fetch) -> StoredDocument:
        """One document by itself, brought up to date (a relayed GET). Raises as `listing`."""
        try:
            await self._bring(connection, fetch)
        except BrokenPromiseError:
            # As with files: a cache on the way may have it wrong (pypi/warehouse#17747).
            past_caches = {**fetch.headers, "Cache-Control": "no-cache"}
            await self._bring(connection, replace(fetch, headers=past_caches))
        stored = await self._documents.document(fetch.url)
        if stored is None:  # another round replaced it and was undone: ask again
            raise Unavailable(f"{fetch.url} changed while it was read: try again")
        return stored

    async def _bring(self, connection: Connection, fetch: Fetch) -> None:
        async with Batch(self._blobs, durable=False) as batch:
            received = await self._receive(connection, fetch, batch, fetch.url)
            if received.new is not None:
                broken = fetch.promise.broken_by(received.new.digests)
                if broken is not None:
                    name = printable(URL(fetch.url, encoded=True))
                    raise BrokenPromiseError(f"{name} is not what was announced: {broken}")
                if fetch.check is not None:
                    file = DocumentFile(self._blobs.path(received.sha256), received.encoding)
                    fetch.check(await self._compute.run(0, decoded, file, self._limit))
                released = await self._documents.put(News([received.new]), time.time())
                await batch.keep()
                await self._blobs.discard(released)
            else:
                await self._documents.renew(fetch.url, time.time())

    async def _converse(
        self, connection: Connection, package: Package, batch: Batch
    ) -> Sequence[_Received]:
        conversation = FORMATS[package.format].conversation(str(connection.url), package)
        received: list[_Received] = []
        try:
            fetch = next(conversation)
            while True:
                document = await self._receive(connection, fetch, batch, str(package))
                received.append(document)
                body = b""
                if fetch.followed:
                    file = DocumentFile(self._blobs.path(document.sha256), document.encoding)
                    body = await self._compute.run(0, decoded, file, self._limit)
                fetch = conversation.send(body)
        except StopIteration:
            return received

    async def _receive(
        self, connection: Connection, fetch: Fetch, batch: Batch, name: str
    ) -> _Received:
        if fetch.lifetime:
            return await self._standing(connection, fetch)
        # Bytes that were announced need no validator: whoever has them does not ask.
        stored = await self._usable(fetch.url) if fetch.promise.strongest is None else None
        headers = {"Accept-Encoding": ACCEPTED_CODINGS, **fetch.headers}
        if stored is not None and stored.etag:
            headers["If-None-Match"] = stored.etag
        if stored is not None and stored.last_modified:
            headers["If-Modified-Since"] = stored.last_modified
        url = URL(fetch.url, encoded=True)
        async with self._client.send(connection, "GET", url, headers=headers) as response:
            if response.status == 304 and stored is not None:
                return _Received.again(stored, asked=True)
            judge(response, name, connection, html=fetch.html)
            location = str(response.url)
            digests = await self._spool(response, await batch.writer())
        encoding = response.headers.get("Content-Encoding", "").strip().lower()
        new = NewDocument(
            url=fetch.url,
            location=location,
            digests=digests,
            content_type=response.headers.get("Content-Type", "application/octet-stream"),
            encoding="gzip" if encoding == "x-gzip" else encoding,
            etag=response.headers.get("ETag"),
            last_modified=response.headers.get("Last-Modified"),
        )
        return _Received(fetch.url, location, digests.sha256, digests.size, new.encoding, new)

    async def _standing(self, connection: Connection, fetch: Fetch) -> _Received:
        """A document that many packages have in common: one request for all of them."""
        stored = await self._usable(fetch.url)
        if stored is None or time.time() - stored.checked_at >= fetch.lifetime:
            asking = self._common.get(fetch.url)
            if asking is None:
                anew = replace(fetch, lifetime=0.0)
                asking = asyncio.create_task(self.document(connection, anew))
                self._common[fetch.url] = asking
                asking.add_done_callback(partial(self._told, fetch.url))
            try:
                stored = await asyncio.shield(asking)
            except NotFound as error:
                if stored is None:
                    raise Misbehaved(
                        f"{fetch.url} does not exist: is that the address of such a registry?"
                    ) from error
            except Upstream:  # an old one does
                if stored is None:
                    raise
        return _Received.again(stored, asked=False)

    def _told(self, url: str, asking: asyncio.Task[StoredDocument]) -> None:
        del self._common[url]
        if not asking.cancelled():
            asking.exception()  # whoever asked may have gone away

    async def _usable(self, url: str) -> StoredDocument | None:
        """The stored document if its bytes are really there: only then may we send its validator
        (nexus-public#241).
        """
        stored = await self._documents.document(url)
        if stored is None or await self._blobs.open(stored.sha256, stored.size) is None:
            return None
        return stored

    async def _spool(self, response: Response, writer: BlobWriter) -> Digests:
        async for chunk in response.chunks():
            await writer.write(chunk)
            if writer.written > self._limit:
                raise Misbehaved(
                    f"{response.url} is larger than limits.document_size ({self._limit} bytes)"
                )
        if not writer.written:
            raise Misbehaved(f"{response.url} answered with an empty body")
        return await writer.seal()


@asynccontextmanager
async def _steady(package: Package) -> AsyncIterator[None]:
    """What packages have in common may be replaced while the listing of one is made of it."""
    try:
        yield
    except FileNotFoundError as error:
        raise Unavailable(f"a document about {package} changed meanwhile: try again") from error


def judge(response: Response, name: str, connection: Connection, *, html: bool = False) -> None:
    """Raise what an answer without a usable document means; a 403 is never a "not found".

    `html` says that a web page is what was asked for.
    """
    if response.status in {404, 410, 451}:
        raise NotFound("package", name, f"{connection.name} does not have {name}")
    if response.status != 200:
        raise Unavailable(
            f"{connection.name} answered {response.status} for {response.url}",
            status=response.status,
        )
    if not html and response.headers.get("Content-Type", "").lower().startswith("text/html"):
        raise Misbehaved(f"{connection.name} answered {response.url} with a web page")
