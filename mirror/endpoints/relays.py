"""Answers that come from an upstream as they are; search; the list of everything."""

import hashlib

from aiohttp import web

from mirror.endpoints.bodies import whole
from mirror.endpoints.entity import Entity
from mirror.endpoints.exchange import Exchange
from mirror.endpoints.reads import Reads
from mirror.endpoints.sending import Sending
from mirror.errors import NotFound
from mirror.formats.intents import ReadIndex, Relay
from mirror.formats.intents import Search as SearchIntent
from mirror.repositories.relaying import Relayer
from mirror.repositories.searching import Search

QUESTION = 64 * 1024 * 1024
"""Bytes of a relayed request: an audit of a large lockfile has a few megabytes."""


class Relays:
    """Serves `Relay` and `Search`. The caller has authorized them."""

    def __init__(self, search: Search, reads: Reads, relayer: Relayer) -> None:
        self._search = search
        self._reads = reads
        self._relayer = relayer

    async def relay(self, exchange: Exchange, intent: Relay) -> web.StreamResponse:
        """Our own answer where we have one, else the upstream's; raises as `Relayer.cached`."""
        if intent.local is not None:
            try:
                return await self._reads.document(exchange, intent.local)
            except NotFound:
                pass  # not published here: the upstream may know
        request = exchange.request
        walk = self._search.walk(exchange.held, exchange.format)
        if intent.lifetime is not None and request.method in {"GET", "HEAD"}:
            answer = await self._relayer.cached(walk, intent, intent.lifetime)
        else:
            body = await whole(request, QUESTION)
            headers = {
                name: request.headers[name] for name in intent.headers if name in request.headers
            }
            answer = await self._relayer.passed(walk, intent, request.method, headers, body)
        entity = Entity(
            content_type=answer.content_type,
            status=answer.status,
            etag=None if answer.tag is None else f'"{answer.tag}"',
            cache_control="no-store" if answer.tag is None else "public, max-age=300",
            body=answer.body,
        )
        return Sending(entity, request_id=exchange.id)

    async def index(self, exchange: Exchange, intent: ReadIndex) -> web.StreamResponse:
        """The list of everything that is held, made anew each time: few ask, and rarely."""
        walk = self._search.walk(exchange.held, exchange.format)
        listed = await self._relayer.index(walk, exchange.format, intent)
        entity = Entity(
            content_type=listed.content_type,
            etag=f'"{hashlib.sha256(listed.body).hexdigest()[:32]}"',
            cache_control="private, max-age=60",
            vary="Accept, Accept-Encoding",
            body=listed.body,
        )
        return Sending(entity, request_id=exchange.id)

    async def search(self, exchange: Exchange, intent: SearchIntent) -> web.StreamResponse:
        """Search results, never kept by anyone."""
        walk = self._search.walk(exchange.held, exchange.format)
        found = await self._relayer.search(walk, exchange.format, intent)
        entity = Entity(content_type=found.content_type, cache_control="no-store", body=found.body)
        return Sending(entity, request_id=exchange.id)
