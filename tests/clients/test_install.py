"""Installing, with every client: cold, warm, and with the upstream gone (npm.md §14.3-8)."""

import json
from pathlib import Path

import pytest

from tests.clients.clients import ALL, Desk
from tests.clients.conftest import Seat
from tests.clients.registry import Registry
from tests.running import Running

pytestmark = pytest.mark.client

RESOLVED = {"left": "2.1.0"}


@pytest.mark.parametrize("client", ALL)
async def test_cold_then_warm_then_cut(
    client: str, registry: Registry, mirror: Running, seat: Seat
) -> None:
    """lessons #18, and verdaccio#1259: an outage does not stop a locked install."""
    desk = seat(client)
    await desk.add("left", "@tools/deep@1.0.1")
    assert desk.installed("left")["version"] == "2.1.0"
    assert desk.installed("@tools/deep")["version"] == "1.0.1"
    _own_addresses_only(desk)

    lock = desk.lock()
    desk.freshen()
    await desk.frozen()
    assert desk.installed("left")["version"] == "2.1.0"
    assert set(registry.downloads().values()) == {1}

    # Documents are stale at once, so that the outage is met and not slept through.
    await mirror.restart({**mirror.config, "cache": {"lifetimes": {"npm": 0}}})
    await registry.cut()
    desk.freshen()
    await desk.frozen()
    assert desk.installed("@tools/deep")["version"] == "1.0.1"
    assert desk.lock() == lock


def _own_addresses_only(desk: Desk) -> None:
    assert desk.addresses() <= {desk.registry}
    if desk.tool == "pnpm" or desk.client == "yarn-4":
        # Nothing that is not derived from the registry: else the lockfile names the mirror.
        assert desk.addresses() == set()
    else:
        assert desk.addresses() == {desk.registry}
