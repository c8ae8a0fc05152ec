"""kill -9 at any moment: what was acknowledged is there afterwards, and nothing by halves."""

import asyncio
import contextlib
import os
import random
import signal
from pathlib import Path

import aiohttp
import pytest

from tests.faults.conftest import Make
from tests.faults.packages import huge, noise, path, publication, stock, tarball
from tests.faults.server import Mirror, until
from tests.origin import Gate, Origin

POINTS = 12
LANES = 2
"""Servers that are killed side by side, each with a data directory of its own."""

SEED = int(os.environ.get("FAULTS_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)


async def test_kill_during_downloads_and_publications(lone_origin: Origin, make: Make) -> None:
    """lessons #4: a dozen random points, each with both under way, then a start and `mirror verify`."""
    print(f"FAULTS_SEED={SEED}")  # shown when it fails
    connections = {"public:npmjs": {"url": str(lone_origin.url)}}
    killed = {"downloads": 0, "publications": 0}

    async def lane(number: int) -> None:
        chance = random.Random(SEED + number)
        mirror = make({"connections": connections}, str(number))
        await mirror.start()
        acknowledged: dict[str, bytes] = {}
        for round_ in range(POINTS // LANES):
            names = [f"lane{number}-{round_}-{index}" for index in range(4)]
            contents = [noise(chance.choice((3_000, 300_000)), name) for name in names]
            for name, content in zip(names, contents, strict=True):
                stock(lone_origin, name, content, rate=3_000_000)
            private = {
                f"own-{name}": tarball(f"own-{name}", filling=noise(chance.choice((100, 200_000))))
                for name in names
            }
            await mirror.token()
            work = [
                asyncio.create_task(_download(mirror, name, content))
                for name, content in zip(names, contents, strict=True)
            ]
            work += [
                asyncio.create_task(_publish(mirror, name, content, acknowledged))
                for name, content in private.items()
            ]
            await asyncio.sleep(chance.uniform(0, 0.2))
            killed["downloads"] += sum(not task.done() for task in work[:4])
            killed["publications"] += sum(not task.done() for task in work[4:])
            await mirror.kill()
            await asyncio.gather(*work)
            await mirror.start()
            status, said = await mirror.cli("verify")
            assert status == 0, said
            assert [each for each in mirror.files() if not each.startswith("blobs")] == []
            for name, content in private.items():
                reply = await mirror.get(path(name))
                listed = await mirror.get(f"/npm/main/{name}")
                if name in acknowledged:
                    assert (reply.status, reply.body) == (200, content)
                assert reply.status in {200, 404}
                assert listed.status == reply.status
                assert reply.status == 404 or reply.body == content
            for name, content in zip(names, contents, strict=True):
                assert (await mirror.get(path(name))).body == content
        for name, content in acknowledged.items():
            assert (await mirror.get(path(name))).body == content
        assert acknowledged
        assert await mirror.stop() == 0

    await asyncio.gather(*map(lane, range(LANES)))
    assert killed["downloads"] > POINTS / 2, killed  # or the points were not in the middle
    assert killed["publications"] > POINTS / 2, killed


async def _download(mirror: Mirror, name: str, content: bytes) -> None:
    with contextlib.suppress(aiohttp.ClientError):
        reply = await mirror.get(path(name))
        assert (reply.status, reply.body) == (200, content)


async def _publish(
    mirror: Mirror, name: str, content: bytes, acknowledged: dict[str, bytes]
) -> None:
    with contextlib.suppress(aiohttp.ClientError):
        reply = await mirror.publish(name, publication(name, content=content))
        assert reply.status < 300, reply
        acknowledged[name] = content


async def test_kill_during_the_first_start(make: Make) -> None:
    """lessons #23: migration and set-up at a dozen random points, most of them in the middle."""
    print(f"FAULTS_SEED={SEED}")
    chance = random.Random(SEED)
    complete = []

    async def once(number: int, pause: float) -> None:
        mirror = make(folder=str(number))
        await mirror.spawn()
        while not (mirror.data / "index.sqlite3").exists():
            await asyncio.sleep(0.001)
        await asyncio.sleep(pause)
        await mirror.kill()
        migrated = mirror.sql("PRAGMA user_version")[0][0] > 0
        complete.append(migrated and mirror.sql("SELECT count(*) FROM domain") == [(1,)])
        assert mirror.sql("PRAGMA integrity_check") == [("ok",)]
        await mirror.start()
        if mirror.password:  # else it was told before the kill: the set-up was complete
            assert (await mirror.publish("after", publication("after"))).status < 300
            assert (await mirror.get(path("after"))).body == tarball("after")
        assert mirror.sql("SELECT name FROM principal") == [("admin",)]
        assert (await mirror.get("/npm/main/-/ping")).status == 200
        status, said = await mirror.cli("verify")
        assert status == 0, said
        await mirror.close()

    turn = asyncio.Semaphore(LANES)

    async def in_turn(number: int, pause: float) -> None:
        async with turn:
            await once(number, pause)

    pauses = [chance.uniform(0, 0.02) for _ in range(POINTS // 2)]
    pauses += [chance.uniform(0, 0.2) for _ in range(POINTS // 2)]
    await asyncio.gather(*(in_turn(*each) for each in enumerate(pauses)))
    assert False in complete, complete  # or nothing was caught in the middle


async def test_left_overs_of_a_crash_are_swept(lone_origin: Origin, tmp_path: Path) -> None:
    """lessons #4: killed with bytes on file, and with what nobody can explain lying about."""
    stock(lone_origin, "half", noise(400_000, "half"))
    lone_origin.fault("/half/-/half-1.0.0.tgz", Gate(300_000, asyncio.Event()))
    connections = {"public:npmjs": {"url": str(lone_origin.url)}}
    async with Mirror(tmp_path, {"connections": connections}) as mirror:
        async with mirror.send(path("half")) as response:
            assert await response.content.readany()
            assert any(each.startswith("incoming") for each in mirror.files())
            await mirror.kill()
        (mirror.data / "incoming" / "render-x1y2").write_bytes(b"x")
        (mirror.data / "incoming" / ("ab12." + "0" * 64)).write_bytes(b"x")
        await mirror.start()
        assert not any(each.startswith("incoming") for each in mirror.files())
        assert (await mirror.cli("verify"))[0] == 0
        assert (await mirror.get(path("half"))).body == noise(400_000, "half")


async def test_the_worker_process_does_not_outlive_the_server(
    lone_origin: Origin, tmp_path: Path
) -> None:
    """kill -9 takes nobody along by itself; an orphan would keep its memory for ever."""
    lone_origin.serve(
        "/large", huge(str(lone_origin.url), "large", 3_000_000),
        headers={"Content-Type": "application/json"},
    )  # fmt: skip
    connections = {"public:npmjs": {"url": str(lone_origin.url)}}
    async with Mirror(tmp_path, {"connections": connections}) as mirror:
        assert (await mirror.get("/npm/main/large")).status == 200
        children = mirror.children()
        assert children
        await mirror.kill()
        await until(lambda: not any(_running(child) for child in children))


def _running(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


async def test_sigterm_lets_a_download_finish(lone_origin: Origin, tmp_path: Path) -> None:
    """Exit status 0, the whole file for who has begun, nothing new for who comes later."""
    content = noise(400_000, "finish")
    stock(lone_origin, "finish", content, rate=300_000)
    connections = {"public:npmjs": {"url": str(lone_origin.url)}}
    async with Mirror(tmp_path, {"connections": connections}) as mirror:
        async with mirror.send(path("finish")) as response:
            first = await response.content.readany()
            stopping = asyncio.create_task(mirror.stop())
            await asyncio.sleep(0.2)
            with pytest.raises(aiohttp.ClientError):
                await mirror.get("/-/health")
            assert first + await response.content.read() == content
        assert await stopping == 0
        await mirror.start()
        assert (await mirror.get(path("finish"))).body == content
        assert lone_origin.transfers["/finish/-/finish-1.0.0.tgz"] == 1


async def test_sigterm_does_not_wait_for_ever(lone_origin: Origin, tmp_path: Path) -> None:
    """Past server.shutdown_grace what is left is broken off; a second one ends nothing by halves."""
    stock(lone_origin, "endless", noise(400_000, "endless"))
    lone_origin.fault("/endless/-/endless-1.0.0.tgz", Gate(200_000, asyncio.Event()))
    config = {
        "connections": {"public:npmjs": {"url": str(lone_origin.url)}},
        "server": {"shutdown_grace": "1s"},
    }
    async with Mirror(tmp_path, config) as mirror:
        async with mirror.send(path("endless")) as response:
            await response.content.readany()
            assert mirror.process is not None
            async with asyncio.timeout(8):
                mirror.process.send_signal(signal.SIGTERM)
                assert await mirror.stop() == 0
            with pytest.raises(aiohttp.ClientPayloadError):
                await response.content.read()
        assert (await mirror.cli("verify"))[0] == 0


async def test_a_second_server_is_sent_away(mirror: Mirror, make: Make) -> None:
    """One sentence, exit status 1, and the first one does not notice."""
    second = make()
    second.data = mirror.data
    with pytest.raises(RuntimeError, match=r"another mirror serves .*--data-dir") as failure:
        await second.start()
    assert "ended with 1" in str(failure.value)
    assert "Traceback" not in str(failure.value)
    assert (await mirror.get("/-/ready")).status == 200


async def test_an_index_of_a_newer_mirror_is_left_alone(make: Make) -> None:
    """A sentence instead of a migration backwards."""
    mirror = make()
    await mirror.start()
    await mirror.stop()
    mirror.sql("PRAGMA user_version = 4711")
    before = mirror.index()
    with pytest.raises(RuntimeError, match="schema 4711") as failure:
        await mirror.start()
    assert "Traceback" not in str(failure.value)
    assert mirror.index() == before


async def test_commands_beside_a_start_do_not_meet(make: Make) -> None:
    """lessons #23: several processes make and migrate the same new index at once."""
    mirror = make()
    starting = asyncio.create_task(mirror.start())
    done = await asyncio.gather(*(mirror.cli("user", "list") for _ in range(4)))
    await starting
    assert [status for status, _ in done] == [0] * 4, done
    assert (await mirror.get("/-/ready")).status == 200
