"""A project of more than 400 packages from the real registry, through us, with every client.

Cold, then warm with empty client caches, then the same with the registry out of reach. Run with
`pytest -m live tests/clients -rP`, which shows the wall times.
"""

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.clients.clients import Desk, Ran
from tests.running import Running

pytestmark = pytest.mark.live

PROJECT = Path(__file__).with_name("project") / "package.json"
CLIENTS = ("npm-11", "pnpm-10", "pnpm-11", "yarn-1", "yarn-4", "bun", "npm-8")
# A connection's address is part of what its documents are kept under, so it must stay: instead
# the way there is closed.
CUT = {"connections": {"public:npmjs": {"proxy": "http://127.0.0.1:9"}}}


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Running]:
    async with Running(tmp_path / "mirror") as mirror:
        yield mirror
        assert mirror.troubles == []


@pytest.mark.parametrize("client", CLIENTS)
async def test_a_big_project(client: str, live: Running, tmp_path: Path) -> None:
    desk = Desk(client, tmp_path / client, live.registry())
    desk.describe(**json.loads(PROJECT.read_text()))
    no_scripts = () if client == "yarn-4" else ("--ignore-scripts",)

    await _timed(f"{client} cold", desk.install, no_scripts)
    assert _count(desk) >= 400
    lock = desk.lock()
    assert desk.addresses() <= {desk.registry}

    desk.freshen()
    await _timed(f"{client} warm", desk.frozen, no_scripts)
    assert _count(desk) >= 400
    asked = _misses(live)

    await live.restart(CUT)
    desk.freshen()
    await _timed(f"{client} with the registry out of reach", desk.frozen, no_scripts)
    assert _count(desk) >= 400
    assert desk.lock() == lock
    assert _misses(live) == asked  # not a single file was asked for again
    desk.leave()


def _misses(mirror: Running) -> int:
    return sum(
        each["cache"] == "miss" and each["path"].endswith(".tgz") for each in mirror.requests
    )


def _count(desk: Desk) -> int:
    """Installed packages, by the manifests below node_modules."""
    modules = desk.project / "node_modules"
    inside = modules / ".pnpm"
    found = (inside if inside.exists() else modules).glob("**/node_modules/*/package.json")
    scoped = (inside if inside.exists() else modules).glob("**/node_modules/@*/*/package.json")
    top = (*modules.glob("*/package.json"), *modules.glob("@*/*/package.json"))
    return len({*found, *scoped, *top})


async def _timed(
    what: str, work: Callable[..., Awaitable[Ran]], arguments: tuple[str, ...]
) -> None:
    started = time.perf_counter()
    await work(*arguments)
    print(f"{what}: {time.perf_counter() - started:.1f} s")
