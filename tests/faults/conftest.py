"""One event loop, one mirror and its upstreams for the whole folder: tests use names of their own."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.crates import Crates
from tests.faults.server import Mirror
from tests.index import Index
from tests.origin import Origin

HERE = Path(__file__).parent

QUICK = {
    "server": {"header_timeout": "2s"},
    # Every test shares one upstream, so the failures of one must not keep it from the others.
    "upstream": {"idle_timeout": "1s", "breaker_failures": 100000},
    "cache": {"lifetimes": {"cargo": "1s", "npm": "1s", "pypi": "1s"}, "stale_wait": "1s"},
}
"""Times short enough to wait for."""

EXPIRED = 1.1
"""Seconds after which a document is asked for again."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.asyncio(loop_scope="package"), append=False)


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def origin() -> AsyncIterator[Origin]:
    async with Origin() as origin:
        yield origin


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def index() -> AsyncIterator[Index]:
    async with Index() as index:
        yield index


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def crates() -> AsyncIterator[Crates]:
    async with Crates() as crates:
        yield crates


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def mirror(
    origin: Origin, index: Index, crates: Crates, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Mirror]:
    """A mirror of `origin`, `index` and `crates`, with documents that expire after a second."""
    connections = {
        "public:npmjs": {"url": str(origin.url)},
        **index.connection()["connections"],
        **crates.connection()["connections"],
    }
    folder = tmp_path_factory.mktemp("mirror")
    async with Mirror(folder, {**QUICK, "connections": connections}) as mirror:
        yield mirror


@pytest_asyncio.fixture(loop_scope="package")
async def lone_origin() -> AsyncIterator[Origin]:
    """An upstream of the test's own, that it may ruin or take away."""
    async with Origin() as origin:
        yield origin


@pytest_asyncio.fixture(loop_scope="package")
async def lone_index() -> AsyncIterator[Index]:
    """The same for Python."""
    async with Index() as index:
        yield index


@pytest_asyncio.fixture(loop_scope="package")
async def lone_crates() -> AsyncIterator[Crates]:
    """The same for Rust."""
    async with Crates() as crates:
        yield crates


Make = Callable[..., Mirror]


@pytest_asyncio.fixture(loop_scope="package")
async def make(tmp_path: Path) -> AsyncIterator[Make]:
    """Makes mirrors, not started yet; whatever the test does to them, they end with it."""
    made: list[Mirror] = []

    def make(config: dict[str, Any] | None = None, folder: str = "") -> Mirror:
        made.append(Mirror(tmp_path / folder, config))
        return made[-1]

    yield make
    for mirror in made:
        await mirror.close()
