"""Hundreds of crates from the real crates.io, through us: cold, warm, and with it out of reach.

Run with `pytest -m live tests/clients/test_cargo_live.py -rP`, which shows the wall times.
"""

import time
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path

import pytest

from tests.clients.cargos import Workshop
from tests.running import Running

pytestmark = pytest.mark.live

CRATES = (
    "aws-sdk-s3", "axum", "bevy_ecs", "clap", "reqwest", "serde", "sqlx", "tokio",
    "tracing-subscriber",
)  # fmt: skip
# A connection's address is part of what its documents are kept under, so it must stay: instead the
# way there is closed, and every document is old enough to be asked for again.
CUT = {
    "connections": {"public:crates-io": {"proxy": "http://127.0.0.1:9"}},
    "cache": {"lifetimes": {"cargo": 0}},
}


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Running]:
    async with Running(tmp_path / "mirror") as mirror:
        yield mirror
        assert mirror.troubles == []


async def test_fetched_and_fetched_again(live: Running, tmp_path: Path) -> None:
    shop = Workshop("cargo", tmp_path / "shop", live.registry(kind="cargo"), instead=True)
    await _timed("cold", shop.run("add", *CRATES))
    await _timed("cold", shop.run("fetch"))
    chosen = shop.locked
    assert len(chosen) > 250
    assert live.held("main", "serde")

    (shop.project / "Cargo.lock").unlink()
    shop.freshen()
    await _timed("warm", shop.run("fetch"))
    assert shop.locked == chosen

    await live.restart(CUT)
    (shop.project / "Cargo.lock").unlink()
    shop.freshen()
    await _timed("cut", shop.run("fetch"))
    assert shop.locked == chosen
    shop.freshen()
    await shop.run("fetch", "--locked")


async def _timed(what: str, running: Awaitable[object]) -> None:
    began = time.perf_counter()
    await running
    print(f"{what}: {time.perf_counter() - began:.1f} s")
