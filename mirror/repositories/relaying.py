"""Questions that an upstream answers for us: audits, keys, attestations, half of a search."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from yarl import URL

from mirror.errors import MirrorError, NotFound, Unavailable
from mirror.formats import FORMATS
from mirror.formats.format import Fetch, Hit
from mirror.formats.intents import ReadIndex, Relay, Rendering, Search
from mirror.repositories.composing import DocumentFile, decoded
from mirror.repositories.searching import Walk
from mirror.repositories.upstreams import Upstreams
from mirror.store.blobs import Blobs
from mirror.store.packages import Packages
from mirror.upstream.client import Client
from mirror.upstream.connections import Connection

SEARCH_PATIENCE = 3.0
"""Seconds that a search waits for the upstream's half of the results."""


@dataclass(frozen=True, slots=True)
class Relayed:
    """An upstream's answer; `tag` names its bytes where it may be kept."""

    status: int
    content_type: str
    body: bytes
    tag: str | None = None


class Relayer:
    """Asks the nearest external connection. Authorization comes before."""

    def __init__(
        self,
        upstreams: Upstreams,
        packages: Packages,
        blobs: Blobs,
        client: Client,
        *,
        document_size: int,
    ) -> None:
        self._upstreams = upstreams
        self._packages = packages
        self._blobs = blobs
        self._client = client
        self._limit = document_size

    async def cached(self, walk: Walk, intent: Relay, lifetime: float) -> Relayed:
        """A document at most `lifetime` seconds old, or older while the upstream is away.

        Raises `NotFound` where there is no upstream or it has none, `Unavailable`, `Misbehaved`.
        """
        connection = _nearest(walk, intent)
        fetch = Fetch(_target(connection, intent))
        stored = await self._upstreams.document(connection, fetch, lifetime)
        file = DocumentFile(self._blobs.path(stored.sha256), stored.encoding)
        body = await asyncio.to_thread(decoded, file, self._limit)
        return Relayed(200, stored.content_type, body, stored.sha256)

    async def passed(
        self, walk: Walk, intent: Relay, method: str, headers: Mapping[str, str], body: bytes
    ) -> Relayed:
        """The answer to a question that cannot be kept, whatever its status; raises as `cached`."""
        connection = _nearest(walk, intent)
        target = URL(_target(connection, intent), encoded=True)
        async with self._client.send(
            connection, method, target, headers=headers, body=body
        ) as answer:
            if answer.status in {401, 403}:  # about our credentials there, not the client's here
                raise Unavailable(f"{connection.name} answered {answer.status}")
            return Relayed(
                answer.status,
                answer.headers.get("Content-Type", "application/octet-stream"),
                # npmjs has sent gzip without saying so (npm/cli#9804).
                await answer.decoded(self._limit, sniff=True),
            )

    async def index(self, walk: Walk, format_name: str, intent: ReadIndex) -> Rendering:
        """The packages that the repositories of the walk hold, without asking any upstream."""
        packages = await self._packages.names(format_name, walk.ids)
        return await asyncio.to_thread(FORMATS[format_name].index, intent, packages)

    async def search(self, walk: Walk, format_name: str, intent: Search) -> Rendering:
        """What is stored, joined with what the upstream finds if it answers in time."""
        local, upstream = await asyncio.gather(
            self._packages.search(
                format_name, walk.ids, intent.text, limit=intent.limit, offset=intent.offset
            ),
            self._found_upstream(walk, intent),
        )
        return FORMATS[format_name].results(intent, [Hit(*each) for each in local], upstream)

    async def _found_upstream(self, walk: Walk, intent: Search) -> bytes | None:
        connection = walk.nearest
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


def _nearest(walk: Walk, intent: Relay) -> Connection:
    if walk.nearest is None:
        raise NotFound("endpoint", intent.path, intent.absent)
    return walk.nearest


def _target(connection: Connection, intent: Relay) -> str:
    return f"{connection.url}{intent.path}" + (f"?{intent.query}" if intent.query else "")
