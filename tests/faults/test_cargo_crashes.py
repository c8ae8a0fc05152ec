"""kill -9 while crates come and go: what was acknowledged is there afterwards, nothing by halves."""

import asyncio
import contextlib
import random
from pathlib import Path

import aiohttp

from tests.crates import Crates
from tests.faults.conftest import Make
from tests.faults.crates import (
    API,
    crate,
    lines,
    noisy,
    page,
    path,
    publication,
    put,
    shown,
)
from tests.faults.packages import noise, sha256
from tests.faults.server import Mirror
from tests.faults.test_crashes import LANES, SEED
from tests.origin import Gate

ROUNDS = 2
"""How often the server of each lane is killed."""


async def test_kill_during_downloads_and_publications(lone_crates: Crates, make: Make) -> None:
    """lessons #4, cargo.md §11.10: random points, each with crates of a new and of a growing name
    under way; a line in the index and its bytes are both there or both not, and agree.
    """
    print(f"FAULTS_SEED={SEED}")  # shown when it fails
    killed = {"downloads": 0, "publications": 0}

    async def lane(number: int) -> None:
        chance = random.Random(SEED + number)
        mirror = make(lone_crates.connection(), str(number))
        await mirror.start()
        await mirror.token()
        private: dict[tuple[str, str], bytes] = {}
        acknowledged: set[tuple[str, str]] = set()
        for round_ in range(ROUNDS):
            public = {}
            for each, size in enumerate((3_000, 300_000)):
                name = f"theirs-{number}-{round_}-{each}"
                public[name] = noisy(lone_crates, name, size=size)
                lone_crates.files.resources[lone_crates.path(name, "1.0.0")].rate = 3_000_000
            ours = {
                (name, version): crate(
                    name, version, **{f"{name}-{version}/n": noise(size, f"{name} {version}")}
                )
                for name, version, size in (
                    ("grows", f"1.{round_}.0", 100),
                    ("grows", f"2.{round_}.0", 300_000),
                    (f"new-{round_}", "1.0.0", 100_000),
                )
            }
            private |= ours
            downloads = [
                asyncio.create_task(_download(mirror, name, content))
                for name, content in public.items()
            ]
            publications = [
                asyncio.create_task(_publish(mirror, *named, content, acknowledged))
                for named, content in ours.items()
            ]
            await asyncio.sleep(chance.uniform(0, 0.1))
            killed["downloads"] += sum(not task.done() for task in downloads)
            killed["publications"] += sum(not task.done() for task in publications)
            await mirror.kill()
            await asyncio.gather(*downloads, *publications)
            await mirror.start()
            assert [each for each in mirror.files() if not each.startswith("blobs")] == []
            await _check(mirror, private, acknowledged)
            for name, content in public.items():
                assert (await mirror.get(path(name))).body == content
        status, said = await mirror.cli("verify")
        assert status == 0, said
        for named, content in private.items():  # and what was lost can be published now
            reply = await put(mirror, publication(*named, content))
            assert reply.status == 200, reply
            acknowledged.add(named)
        await _check(mirror, private, acknowledged)

    await asyncio.gather(*map(lane, range(LANES)))
    assert sum(killed.values()) >= LANES * ROUNDS, killed  # or the points were not in the middle


async def _check(
    mirror: Mirror, private: dict[tuple[str, str], bytes], acknowledged: set[tuple[str, str]]
) -> None:
    listed = {}
    for name in {name for name, _ in private}:
        reply = await shown(mirror, name)
        assert reply.status in {200, 404}
        listed[name] = lines(reply) if reply.status == 200 else {}
    for (name, version), content in private.items():
        reply = await mirror.get(path(name, version))
        assert reply.status == (200 if version in listed[name] else 404)
        assert version in listed[name] or (name, version) not in acknowledged
        if reply.status == 200:
            assert reply.body == content
            assert listed[name][version]["cksum"] == sha256(content)


async def _download(mirror: Mirror, name: str, content: bytes) -> None:
    with contextlib.suppress(aiohttp.ClientError):
        reply = await mirror.get(path(name))
        assert (reply.status, reply.body) == (200, content)


async def _publish(
    mirror: Mirror,
    name: str,
    version: str,
    content: bytes,
    acknowledged: set[tuple[str, str]],
) -> None:
    with contextlib.suppress(aiohttp.ClientError):
        reply = await put(mirror, publication(name, version, content))
        assert reply.status == 200, reply
        acknowledged.add((name, version))


async def test_killed_at_the_moment_of_the_answer(make: Make) -> None:
    """lessons #4: nora#650; what was said to be published or yanked is so, with the power cut next."""
    mirror = make()
    await mirror.start()
    headers = await mirror.authorized()
    assert (await put(mirror, publication("pulled"))).status == 200
    yanked = await mirror.ask(f"{API}/pulled/1.0.0/yank", "DELETE", headers=headers)
    assert (yanked.status, yanked.json) == (200, {"ok": True})
    assert (await put(mirror, publication("said"))).status == 200
    await mirror.kill()
    await mirror.start()
    for name, pulled in (("said", False), ("pulled", True)):
        [line] = lines(await shown(mirror, name)).values()
        assert (line["cksum"], line["yanked"]) == (sha256(crate(name)), pulled)
        assert (await mirror.get(path(name))).body == crate(name)
    assert (await mirror.cli("verify"))[0] == 0


async def test_killed_with_half_a_crate_on_file(lone_crates: Crates, make: Make) -> None:
    """lessons #4: of a cold download, and of a publication; both go with the next start."""
    content = noisy(lone_crates, "half")
    lone_crates.files.fault(lone_crates.path("half", "1.0.0"), Gate(300_000, asyncio.Event()))
    mirror = make(lone_crates.connection())
    await mirror.start()
    body = publication("ours", content=crate("ours", **{"ours-1.0.0/n": noise(900_000, "ours")}))
    _, writer = await asyncio.open_connection("127.0.0.1", mirror.port)
    writer.write(
        f"PUT {API}/new HTTP/1.1\r\nHost: localhost:{mirror.port}\r\n"
        f"Content-Length: {len(body)}\r\nAuthorization: {await mirror.token()}\r\n\r\n".encode()
    )
    writer.write(body[:-50_000])
    async with mirror.send(path("half")) as response:
        assert await response.content.readany()
        async with asyncio.timeout(5):
            while sum(each.startswith("incoming") for each in mirror.files()) < 2:
                await asyncio.sleep(0.01)
        await mirror.kill()
    writer.close()
    await mirror.start()
    assert not any(each.startswith("incoming") for each in mirror.files())
    assert (await mirror.cli("verify"))[0] == 0
    assert (await mirror.get(page("ours"))).status == 404
    assert (await mirror.get(path("half"))).body == content
    assert Path(mirror.blob(sha256(content))).read_bytes() == content
