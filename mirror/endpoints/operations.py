"""What the people who run the mirror ask it: alive, ready, how busy, and a first page."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from mirror.endpoints.entity import Entity
from mirror.endpoints.exchange import Exchange
from mirror.endpoints.sending import Sending
from mirror.errors import MirrorError
from mirror.store.health import Health
from mirror.telemetry.metrics import Metrics

Operation = Callable[[Exchange], Awaitable[web.StreamResponse]]

WELCOME = b"""mirror: a caching mirror and private registry.

npm     npm config set registry http://HOST/npm/main/
pip     pip config set global.index-url http://HOST/pypi/main/simple/
health  /-/health   readiness  /-/ready   metrics  /-/metrics
"""


class Operations:
    """The fixed addresses. None of them shows a secret or a package's name."""

    def __init__(self, health: Health, metrics: Metrics) -> None:
        self._store = health
        self._metrics = metrics
        self._table: dict[str, Operation] = {
            "/": self._welcome,
            "/-/health": self._health,
            "/-/ready": self._ready,
            "/-/metrics": self._measured,
        }

    def find(self, path: str) -> Operation | None:
        """The operation at this address, if there is one."""
        return self._table.get(path)

    async def _welcome(self, exchange: Exchange) -> web.StreamResponse:
        host = exchange.request.headers.get("Host", "HOST").encode("ascii", "replace")
        return _plain(exchange, 200, WELCOME.replace(b"HOST", host))

    async def _health(self, exchange: Exchange) -> web.StreamResponse:
        """The process answers: that is all."""
        return _plain(exchange, 200, b"ok\n")

    async def _ready(self, exchange: Exchange) -> web.StreamResponse:
        """The index can be read and the blob store written."""
        try:
            await self._store.check()
        except MirrorError as error:
            return _plain(exchange, 503, f"not ready: {error}\n".encode())
        return _plain(exchange, 200, b"ready\n")

    async def _measured(self, exchange: Exchange) -> web.StreamResponse:
        self._metrics.stored(*await self._store.totals())
        body, content_type = self._metrics.render()
        return _plain(exchange, 200, body, content_type)


def _plain(
    exchange: Exchange, status: int, body: bytes, content_type: str = "text/plain; charset=utf-8"
) -> web.StreamResponse:
    entity = Entity(content_type=content_type, status=status, cache_control="no-store", body=body)
    return Sending(entity, request_id=exchange.id)
