"""Answers to readers: documents and files, from the shelf where they are ready."""

import time
from typing import NamedTuple

from aiohttp import web

from mirror.endpoints.entity import Entity, Head, choose
from mirror.endpoints.exchange import Exchange
from mirror.endpoints.sending import Following, Sending
from mirror.endpoints.shelf import Shelf, Shelved
from mirror.errors import Unavailable
from mirror.formats.intents import Intent, ReadAsset, ReadPackage
from mirror.repositories.assets import Arriving, AssetReader, Held
from mirror.repositories.documents import Document, DocumentReader
from mirror.repositories.searching import Search
from mirror.store.changes import Changes
from mirror.store.domains import Repository

IMMUTABLE = "public, max-age=31557600, immutable"
MUTABLE = "public, max-age=0, must-revalidate"
"""Clients keep documents but ask each time: a 304 costs little, a stale one breaks an install."""

PRIVATE = "private, max-age=0, must-revalidate"
STALE = (("Warning", '110 mirror "Response is Stale"'),)


class Ready(NamedTuple):
    """A prepared answer: an entry of the shelf, and which of its variants was asked for."""

    shelved: Shelved
    entity: Entity

    @property
    def outcome(self) -> str:
        """What log and metrics call it."""
        return "stale" if self.shelved.stale else "hit"


class Reads:
    """Serves `ReadPackage` and `ReadAsset`. The caller has authorized them."""

    def __init__(
        self,
        search: Search,
        documents: DocumentReader,
        assets: AssetReader,
        changes: Changes,
        shelf: Shelf,
        *,
        anonymous: bool,
    ) -> None:
        self._search = search
        self._documents = documents
        self._assets = assets
        self._changes = changes
        self._shelf = shelf
        self._document_caching = MUTABLE if anonymous else PRIVATE
        self._asset_caching = IMMUTABLE if anonymous else IMMUTABLE.replace("public", "private")

    def ready(
        self, repository: Repository, intent: Intent, base: str, accept_encoding: str | None
    ) -> Ready | None:
        """What can be sent without asking anybody, None where something must be done first."""
        if isinstance(intent, ReadPackage):
            shelved = None if intent.fresh else self._shelf.get((repository.id, intent, base))
        elif isinstance(intent, ReadAsset):
            shelved = self._shelf.get((repository.id, intent))
        else:
            return None
        if shelved is None or not self._good(shelved, intent):
            return None
        return Ready(shelved, choose(shelved.identity, shelved.gzip, accept_encoding))

    async def document(self, exchange: Exchange, intent: ReadPackage) -> web.StreamResponse:
        """A document about a package; raises as `DocumentReader.read`."""
        accepted = exchange.request.headers.get("Accept-Encoding")
        ready = self.ready(exchange.held, intent, exchange.base, accepted)
        if ready is not None:
            exchange.cache = ready.outcome
            return Sending(ready.entity, request_id=exchange.id)
        key = (exchange.held.id, intent, exchange.base)
        shelved = await self._prepare(exchange, intent, self._shelf.get(key))
        if not intent.fresh:
            self._shelf.put(key, shelved)
        entity = choose(shelved.identity, shelved.gzip, accepted)
        return Sending(entity, request_id=exchange.id)

    async def asset(self, exchange: Exchange, intent: ReadAsset) -> web.StreamResponse:
        """A file: stored, or followed while it arrives; raises as `AssetReader.read`."""
        ready = self.ready(exchange.held, intent, exchange.base, None)
        if ready is not None:
            exchange.cache = ready.outcome
            return Sending(ready.entity, request_id=exchange.id)
        walk = self._search.walk(exchange.held, intent.package.format)
        found = await self._assets.read(walk, intent)
        exchange.cache = "miss" if isinstance(found, Held) and found.asked else "hit"
        if isinstance(found, Arriving):
            exchange.cache = "coalesced" if found.joined else "miss"
            try:
                size = await found.follower.opening()
            except Unavailable:
                if not found.joined:
                    raise
                # Somebody else's transfer failed us; one of our own before we pass that on
                # (AK#1445).
                found = await self._assets.read(walk, intent)
                size = await found.follower.opening() if isinstance(found, Arriving) else None
        if isinstance(found, Arriving) and found.follower.finished:
            found = await self._assets.read(walk, intent)  # short files: whole, and in the index
        if isinstance(found, Arriving):
            return self._following(exchange, intent, found, size)
        shelved = self._shelve(intent, found)
        self._shelf.put((exchange.held.id, intent), shelved)
        return Sending(shelved.identity, request_id=exchange.id)

    def _good(self, shelved: Shelved, intent: ReadPackage | ReadAsset) -> bool:
        return (
            shelved.stamp == self._changes.stamp(intent.package)
            and time.time() < shelved.fresh_until
        )

    async def _prepare(
        self, exchange: Exchange, intent: ReadPackage, shelved: Shelved | None
    ) -> Shelved:
        walk = self._search.walk(exchange.held, intent.package.format)
        previous: Document | None = shelved.source if shelved is not None else None
        document = await self._documents.read(walk, intent, exchange.base, previous)
        exchange.cache = "stale" if document.stale else "miss" if document.asked else "hit"
        same = previous is not None and document.rendered.tag == previous.rendered.tag
        if shelved is not None and previous is not None and same:
            if exchange.cache == "miss":
                exchange.cache = "revalidated"
            if document.stale == previous.stale:  # the same head and bytes: keep them prepared
                return Shelved(
                    shelved.identity,
                    shelved.gzip,
                    document.stamp,
                    document.fresh_until,
                    document,
                    document.stale,
                )
        identity = self._entity(document, gzip=False)
        return Shelved(
            identity=identity,
            gzip=self._entity(document, gzip=True) if document.rendered.gzip else None,
            stamp=document.stamp,
            fresh_until=document.fresh_until,
            source=document,
            stale=document.stale,
        )

    def _entity(self, document: Document, *, gzip: bool) -> Entity:
        rendered = document.rendered
        packed = rendered.gzip if gzip else None
        return Entity(
            content_type=rendered.content_type,
            encoding="gzip" if gzip else "",
            etag=f'"{rendered.tag}-gzip"' if gzip else f'"{rendered.tag}"',
            vary="Accept, Accept-Encoding",
            cache_control=self._document_caching,
            headers=STALE if document.stale else (),
            body=rendered.identity if packed is None else packed,
        )

    def _shelve(self, intent: ReadAsset, held: Held) -> Shelved:
        lasting = intent.lasting and held.fresh_until == float("inf")
        entity = Entity(
            content_type=intent.content_type,
            etag=f'"{held.digests.sha256}"',
            cache_control=self._asset_caching if lasting else PRIVATE,
            headers=intent.headers,
            body=held.file,
            ranges=True,
        )
        return Shelved(entity, None, held.stamp, held.fresh_until)

    def _following(
        self, exchange: Exchange, intent: ReadAsset, arriving: Arriving, size: int | None
    ) -> web.StreamResponse:
        # No ETag yet: it names bytes that are not verified. Ranges likewise (lessons #11).
        head = Head(
            content_type=intent.content_type,
            cache_control=self._asset_caching if intent.lasting else PRIVATE,
            headers=intent.headers,
        )
        return Following(head, arriving.follower, size, request_id=exchange.id)
