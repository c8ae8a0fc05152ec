"""A disk that is full or read-only: told as such, nothing lost, and all well once it is mended."""

import asyncio
import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.faults.conftest import Make
from tests.faults.packages import noise, path, publication, stock, tarball
from tests.faults.server import Mirror
from tests.origin import Origin

MIB = 1024 * 1024
FULL = {507, 503}


@contextlib.contextmanager
def mounted(folder: Path, size: int) -> Iterator[Path]:
    """A file system of its own, of so many bytes."""
    folder.mkdir(parents=True)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", folder], capture_output=True
    )
    if made.returncode:
        pytest.skip(f"no file system can be mounted here: {made.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fill(folder: Path) -> Path:
    """Leave not a byte."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        for size in (MIB, 4096, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"b" * size)
    assert shutil.disk_usage(folder).free < 4096
    return ballast


async def test_a_full_disk(lone_origin: Origin, tmp_path: Path) -> None:
    """lessons #4, #14: while caching and while publishing 507, the rest served, then recovery."""
    cached, fresh = noise(300_000, "disk1"), noise(300_000, "disk2")
    stock(lone_origin, "cached", cached)
    for name in ("fresh", "fresh-too"):
        stock(lone_origin, name, fresh)
    config = {
        "connections": {"public:npmjs": {"url": str(lone_origin.url)}},
        "cache": {"lifetimes": {"npm": "1s"}, "stale_wait": "1s"},
    }
    with mounted(tmp_path / "data", 16 * MIB) as folder:
        async with Mirror(tmp_path, config) as mirror:
            assert (await mirror.publish("own", publication("own"))).status < 300
            assert (await mirror.get(path("cached"))).body == cached
            assert (await mirror.get("/npm/main/fresh-too")).status == 200
            document = (await mirror.get("/npm/main/cached")).body
            files = {name: size for name, size in mirror.files().items() if "ballast" not in name}
            ballast = fill(folder)
            await asyncio.sleep(1.1)  # documents have expired: asking again cannot be written down

            for _ in range(2):
                for place in (path("fresh"), path("fresh-too"), "/npm/main/fresh"):
                    assert await _status(mirror, place) in FULL, place
                for size in (10, 3_000_000):
                    body = publication("new", content=tarball("new", filling=noise(size)))
                    refused = await mirror.publish("new", body)
                    assert refused.status in FULL, refused
                    assert len(refused.json["error"]) > 20
                assert (await mirror.get(path("cached"))).body == cached
                assert (await mirror.get(path("own"))).body == tarball("own")
                served = await mirror.get("/npm/main/cached")
                assert (served.status, served.body) == (200, document)
                assert list((await mirror.get("/npm/main/own")).json["versions"]) == ["1.0.0"]
                assert (await mirror.get("/-/health")).status == 200
            assert {name: size for name, size in mirror.files().items() if size} == files

            ballast.unlink()
            await asyncio.sleep(1.1)
            for name in ("fresh", "fresh-too", "cached"):
                reply = await mirror.get(path(name))
                assert (reply.status, reply.body) == (200, cached if name == "cached" else fresh)
                assert (await mirror.get(f"/npm/main/{name}")).status == 200
            assert (await mirror.publish("new", publication("new"))).status < 300
            assert (await mirror.get("/-/ready")).status == 200
            status, said = await mirror.cli("verify")
            assert status == 0, said
            assert await mirror.stop() == 0
            await mirror.start()
            for name in ("own", "new"):
                assert (await mirror.get(path(name))).body == tarball(name)


async def test_a_disk_that_fills_up_in_the_middle(lone_origin: Origin, tmp_path: Path) -> None:
    """lessons #5: bytes were sent, so the connection breaks; the next one, with room, is whole."""
    content = noise(12 * MIB, "middle")
    stock(lone_origin, "middle", content)
    connections = {"public:npmjs": {"url": str(lone_origin.url)}}
    with mounted(tmp_path / "data", 10 * MIB) as folder:
        async with Mirror(tmp_path, {"connections": connections}) as mirror:
            assert await _status(mirror, path("middle")) != 200
            # What it had of the file is gone from the disk, not only from its folder.
            async with asyncio.timeout(2):
                while (await mirror.get("/-/ready")).status != 200:
                    await asyncio.sleep(0.05)
            body = publication("large", content=tarball("large", filling=noise(11 * MIB)))
            assert (await mirror.publish("large", body)).status in FULL
            assert not any(name.startswith("incoming") for name in mirror.files())
            subprocess.run(["mount", "-o", f"remount,size={40 * MIB}", folder], check=True)
            assert (await mirror.get(path("middle"))).body == content
            assert (await mirror.publish("large", body)).status < 300
            assert (await mirror.cli("verify"))[0] == 0


async def _status(mirror: Mirror, place: str) -> int:
    """The status of a whole answer; 0 where it broke off."""
    try:
        return (await mirror.get(place)).status
    except aiohttp.ClientPayloadError:
        return 0


@pytest.mark.parametrize("before", ["empty", "used"])
async def test_a_read_only_data_directory(tmp_path: Path, make: Make, before: str) -> None:
    """A sentence with the directory and what to do, exit status 1, no traceback."""
    with mounted(tmp_path / "data", 16 * MIB) as folder:
        mirror = make()
        if before == "used":
            await mirror.start()
            await mirror.stop()
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        for attempt in (mirror.start(), mirror.start()):
            with pytest.raises(RuntimeError) as failure:
                await attempt
            said = str(failure.value)
            assert said.startswith("ended with 1"), said
            assert str(folder) in said
            assert "writ" in said
            assert "Traceback" not in said
        subprocess.run(["mount", "-o", "remount,rw", folder], check=True)
        await mirror.start()
        assert (await mirror.get("/-/ready")).status == 200
        await mirror.close()


async def test_a_disk_that_becomes_read_only(lone_origin: Origin, tmp_path: Path) -> None:
    """As after an error of the disk: what is there is served, the rest is 503."""
    stock(lone_origin, "kept", noise(300_000, "kept"))
    stock(lone_origin, "late", noise(300_000, "late"))
    connections = {"public:npmjs": {"url": str(lone_origin.url)}}
    with mounted(tmp_path / "data", 16 * MIB) as folder:
        async with Mirror(tmp_path, {"connections": connections}) as mirror:
            assert (await mirror.get(path("kept"))).status == 200
            document = (await mirror.get("/npm/main/kept")).body
            made = subprocess.run(["mount", "-o", "remount,ro", folder], capture_output=True)
            if made.returncode:  # files are open for writing: the kernel may refuse
                pytest.skip(made.stderr.decode().strip())
            assert (await mirror.get(path("kept"))).body == noise(300_000, "kept")
            assert (await mirror.get("/npm/main/kept")).body == document
            assert await _status(mirror, path("late")) == 503
            assert (await mirror.get("/-/ready")).status == 503
            subprocess.run(["mount", "-o", "remount,rw", folder], check=True)
            assert (await mirror.get(path("late"))).body == noise(300_000, "late")
