"""A public registry and a mirror of it, for each test anew."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.clients.clients import Desk
from tests.clients.registry import Registry, universe
from tests.running import Running

Seat = Callable[..., Desk]


@pytest.fixture
async def registry() -> AsyncIterator[Registry]:
    async with Registry() as registry:
        universe(registry)
        yield registry


@pytest.fixture
async def mirror(registry: Registry, tmp_path: Path) -> AsyncIterator[Running]:
    async with Running(tmp_path / "mirror", registry.connection()) as mirror:
        yield mirror
        assert mirror.troubles == []


@pytest.fixture
def seat(mirror: Running, tmp_path: Path) -> Seat:
    """Makes a desk for a client: `seat("npm-11", token=…, repository=…)`."""
    taken = 0

    def make(client: str, *, token: str | None = None, repository: str = "main") -> Desk:
        nonlocal taken
        taken += 1
        return Desk(client, tmp_path / f"{client}.{taken}", mirror.registry(repository), token)

    return make
