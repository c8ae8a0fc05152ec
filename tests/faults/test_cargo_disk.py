"""A disk that is full: told so in cargo's words, nothing lost, and all well once there is room."""

import asyncio
from pathlib import Path

import aiohttp

from tests.crates import Crates
from tests.faults.conftest import EXPIRED, Make
from tests.faults.crates import (
    API,
    BIG,
    check_shape,
    crate,
    lines,
    noisy,
    page,
    path,
    publication,
    put,
    sentence,
    shown,
)
from tests.faults.packages import noise
from tests.faults.server import Mirror
from tests.faults.test_disk import FULL, MIB, fill, mounted


async def test_a_full_disk(lone_crates: Crates, tmp_path: Path) -> None:
    """lessons #4, #14: while caching, publishing and yanking; 507, the rest is served, then all is."""
    cached = noisy(lone_crates, "cached")
    fresh = noisy(lone_crates, "fresh")
    config = {
        **lone_crates.connection(),
        "cache": {"lifetimes": {"cargo": "1s"}, "stale_wait": "1s"},
    }
    own = crate("own")
    large = crate("new", **{"new-1.0.0/noise": noise(3 * MIB)})
    with mounted(tmp_path / "data", 16 * MIB) as folder:
        async with Mirror(tmp_path, config) as mirror:
            assert (await put(mirror, publication("own"))).status == 200
            assert (await mirror.get(path("cached"))).body == cached
            good = await shown(mirror, "cached")
            files = mirror.files()
            ballast = fill(folder)
            await asyncio.sleep(EXPIRED)  # documents have expired: nothing can be written down

            for place in (path("fresh"), page("fresh")):
                assert await _status(mirror, place) in FULL, place
            for body in (publication("new"), publication("new", content=large)):
                refused = await put(mirror, body)
                assert refused.status in FULL, refused
                sentence(refused)
            yanking = await mirror.ask(
                f"{API}/own/1.0.0/yank", "DELETE", headers=await mirror.authorized()
            )
            assert yanking.status in FULL, yanking
            sentence(yanking)
            assert (await mirror.get(path("cached"))).body == cached
            assert (await mirror.get(path("own"))).body == own
            served = await shown(mirror, "cached")
            assert (served.status, served.body) == (200, good.body)
            assert lines(await shown(mirror, "own"))["1.0.0"]["yanked"] is False
            assert (await shown(mirror, "new")).status != 200
            assert {name: size for name, size in mirror.files().items() if size} == files

            ballast.unlink()
            await asyncio.sleep(EXPIRED)
            assert (await mirror.get(path("fresh"))).body == fresh
            assert (await put(mirror, publication("new", content=large))).status == 200
            status, said = await mirror.cli("verify")
            assert status == 0, said
            assert await mirror.stop() == 0
            await mirror.start()
            assert (await mirror.get(path("own"))).body == own
            assert (await mirror.get(path("new"))).body == large


async def test_a_disk_that_fills_up_in_the_middle(lone_crates: Crates, tmp_path: Path) -> None:
    """lessons #5: bytes were sent, so the connection breaks; of a publication nothing is left."""
    content = noisy(lone_crates, "middle", size=12 * MIB)
    large = crate("large", **{"large-1.0.0/noise": noise(11 * MIB)})
    assert len(content) > BIG
    with mounted(tmp_path / "data", 10 * MIB) as folder:
        async with Mirror(tmp_path, lone_crates.connection()) as mirror:
            assert await _status(mirror, path("middle")) != 200
            async with asyncio.timeout(5):
                while (await mirror.get("/-/ready")).status != 200:
                    await asyncio.sleep(0.05)
            refused = await put(mirror, publication("large", content=large))
            assert refused.status in FULL, refused
            sentence(refused)
            assert not any(name.startswith("incoming") for name in mirror.files())
            assert (await put(mirror, publication("small"))).status == 200
            assert (await mirror.get(path("small"))).body == crate("small")
            assert (await mirror.cli("verify"))[0] == 0
            assert folder.exists()


async def test_a_full_disk_tells_nothing_of_the_machine(make: Make, tmp_path: Path) -> None:
    """lessons #4: whoever publishes need not know where the data directory is."""
    with mounted(tmp_path / "data", 16 * MIB) as folder:
        mirror = make()
        await mirror.start()
        await mirror.token()
        fill(folder)
        refused = await put(mirror, publication("new"))
        assert refused.status in FULL, refused
        check_shape(refused)
        await mirror.close()


async def _status(mirror: Mirror, place: str) -> int:
    """The status of a whole answer; 0 where it broke off."""
    try:
        return (await mirror.get(place)).status
    except aiohttp.ClientPayloadError:
        return 0
