from collections.abc import AsyncIterator

import pytest

from mirror.upstream.client import Client
from mirror.upstream.connections import Connection
from tests.origin import Origin


class Ears:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.bytes = 0
        self.reasons: list[str] = []

    def answered(self, connection: str, status: int, seconds: float) -> None:
        assert connection == "here"
        assert seconds >= 0
        self.statuses.append(status)

    def received(self, connection: str, count: int) -> None:
        self.bytes += count

    def failed(self, connection: str, reason: str) -> None:
        self.reasons.append(reason)


@pytest.fixture
def ears() -> Ears:
    return Ears()


@pytest.fixture
async def origin() -> AsyncIterator[Origin]:
    async with Origin() as origin:
        yield origin


@pytest.fixture
def connection(origin: Origin) -> Connection:
    return Connection("here", "npm", origin.url, authorization="Bearer secret")


@pytest.fixture
async def client(ears: Ears) -> AsyncIterator[Client]:
    client = Client(
        connect=0.5, idle=0.3, backoff=0.005, breaker_threshold=4, proxies={}, observer=ears
    )
    await client.start()
    yield client
    await client.close()
