"""Questions that an upstream answers for us: audits, keys, attestations, search."""

import asyncio

from aiohttp import web
from yarl import URL

from mirror.endpoints.bodies import whole
from mirror.endpoints.entity import Entity
from mirror.endpoints.exchange import Exchange
from mirror.endpoints.reads import Reads
from mirror.endpoints.sending import Sending
from mirror.errors import MirrorError, NotFound, Unavailable
from mirror.formats import FORMATS
from mirror.formats.format import Fetch, Hit, Relay
from mirror.formats.format import Search as SearchIntent
from mirror.repositories.composing import DocumentFile, decoded
from mirror.repositories.searching import Search, Walk
from mirror.repositories.upstreams import Upstreams
from mirror.store.blobs import Blobs
from mirror.store.packages import Packages
from mirror.upstream.client import Client
from mirror.upstream.connections import Connection

QUESTION = 64 * 1024 * 1024
"""Bytes of a relayed request: an audit of a large lockfile has a few megabytes."""

SEARCH_PATIENCE = 3.0
"""Seconds that a search waits for the upstream's half of the results."""


class Relays:
    """Serves `Relay` and `Search`. The caller has authorized them."""

    def __init__(
        self,
        search: Search,
        reads: Reads,
        upstreams: Upstreams,
        packages: Packages,
        blobs: Blobs,
        client: Client,
        *,
        document_size: int,
    ) -> None:
        self._search = search
        self._reads = reads
        self._upstreams = upstreams
        self._packages = packages
        self._blobs = blobs
        self._client = client
        self._limit = document_size

    async def relay(self, exchange: Exchange, intent: Relay) -> web.StreamResponse:
        """The upstream's own answer; raises `NotFound` where there is no upstream to ask."""
        if intent.local is not None:
            try:
                return await self._reads.document(exchange, intent.local)
            except NotFound:
                pass  # not published here: the upstream may know
        connection = self._connection(exchange)
        if connection is None:
            raise NotFound("endpoint", intent.path, intent.absent)
        target = f"{connection.url}{intent.path}" + (f"?{intent.query}" if intent.query else "")
        if intent.lifetime is not None and exchange.request.method in {"GET", "HEAD"}:
            return await self._cached(exchange, connection, target, intent.lifetime)
        return await self._passed(exchange, connection, target, intent)

    async def search(self, exchange: Exchange, intent: SearchIntent) -> web.StreamResponse:
        """What is stored, joined with what the upstream finds if it answers in time."""
        walk = self._search.walk(exchange.held, exchange.format)
        local, upstream = await asyncio.gather(
            self._packages.search(
                exchange.format, walk.ids, intent.text, intent.limit + intent.offset
            ),
            self._found_upstream(walk, intent),
        )
        rendering = FORMATS[exchange.format].results(
            intent, [Hit(*each) for each in local], upstream
        )
        entity = Entity(
            content_type=rendering.content_type, cache_control="no-store", body=rendering.body
        )
        return Sending(entity, request_id=exchange.id)

    def _connection(self, exchange: Exchange) -> Connection | None:
        walk = self._search.walk(exchange.held, exchange.format)
        return next(iter(walk.connections.values()), None)

    async def _cached(
        self, exchange: Exchange, connection: Connection, target: str, lifetime: float
    ) -> web.StreamResponse:
        stored = await self._upstreams.document(connection, Fetch(target), lifetime)
        file = DocumentFile(self._blobs.path(stored.sha256), stored.encoding)
        entity = Entity(
            content_type=stored.content_type,
            etag=f'"{stored.sha256}"',
            cache_control="public, max-age=300",
            body=await asyncio.to_thread(decoded, file, self._limit),
        )
        return Sending(entity, request_id=exchange.id)

    async def _passed(
        self, exchange: Exchange, connection: Connection, target: str, intent: Relay
    ) -> web.StreamResponse:
        request = exchange.request
        body = await whole(request, QUESTION)
        headers = {
            name: request.headers[name] for name in intent.headers if name in request.headers
        }
        headers["Accept-Encoding"] = "gzip"
        async with self._client.send(
            connection, request.method, URL(target, encoded=True), headers=headers, body=body
        ) as answer:
            # npmjs has sent gzip without saying so (npm/cli#9804).
            content = await answer.decoded(self._limit, sniff=True)
            if answer.status in {401, 403}:  # about our credentials there, not the client's here
                raise Unavailable(f"{connection.name} answered {answer.status}")
            entity = Entity(
                content_type=answer.headers.get("Content-Type", "application/json"),
                status=answer.status,
                cache_control="no-store",
                body=content,
            )
        return Sending(entity, request_id=exchange.id)

    async def _found_upstream(self, walk: Walk, intent: SearchIntent) -> bytes | None:
        connection = next(iter(walk.connections.values()), None)
        if connection is None or intent.upstream is None:
            return None
        target = URL(f"{connection.url}{intent.upstream}", encoded=True)
        try:
            async with (
                asyncio.timeout(SEARCH_PATIENCE),
                self._client.send(connection, "GET", target, attempts=1) as answer,
            ):
                return await answer.decoded(self._limit) if answer.status == 200 else None
        except (MirrorError, TimeoutError):
            return None  # half of the results is better than none
