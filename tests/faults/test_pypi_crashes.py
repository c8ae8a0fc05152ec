"""kill -9 while wheels come and go: what was acknowledged is there afterwards, nothing by halves."""

import asyncio
import contextlib
import random

import aiohttp

from tests.distributions import wheel
from tests.faults.conftest import Make
from tests.faults.packages import noise, sha256
from tests.faults.projects import files, page, path, shown, upload, wheel_name
from tests.faults.server import Mirror
from tests.faults.test_crashes import SEED
from tests.index import Index
from tests.origin import Gate

POINTS = 3


async def test_kill_during_downloads_and_uploads(lone_index: Index, make: Make) -> None:
    """lessons #4: random points, each with wheels of new and of growing versions under way, and a
    start; `mirror verify` at the end. A page never lists what its address does not have.
    """
    print(f"FAULTS_SEED={SEED}")  # shown when it fails
    chance = random.Random(SEED)
    mirror = make(lone_index.connection())
    await mirror.start()
    await mirror.token()
    acknowledged: dict[str, bytes] = {}
    private: dict[str, bytes] = {}
    broken = 0
    for round_ in range(POINTS):
        public: dict[str, bytes] = {}
        for number, size in enumerate((3_000, 300_000)):
            name = f"theirs-{round_}-{number}"
            public |= lone_index.add(name, "1.0", files={"noise.bin": noise(size, name)})
            lone_index.origin.resources[lone_index.path(wheel_name(name))].rate = 3_000_000
        ours = dict(
            wheel("ours", "1.0", tag=tag, files={"noise.bin": noise(size, tag)})
            for tag, size in ((f"cp3{round_}-none-any", 100), (f"cp4{round_}-none-any", 200_000))
        )
        private |= ours
        work = [_download(mirror, file, content) for file, content in public.items()]
        work += [_upload(mirror, file, content, acknowledged) for file, content in ours.items()]
        tasks = [asyncio.create_task(each) for each in work]
        await asyncio.sleep(chance.uniform(0, 0.1))
        broken += sum(not task.done() for task in tasks)
        await mirror.kill()
        await asyncio.gather(*tasks)
        await mirror.start()
        assert [each for each in mirror.files() if not each.startswith("blobs")] == []
        listed = await mirror.get(page("ours"))
        shown_ = files(await shown(mirror, "ours")) if listed.status == 200 else []
        for file, content in private.items():
            assert file in shown_ or file not in acknowledged
            reply = await mirror.get(path(file))
            assert reply.status == (200 if file in shown_ else 404)
            assert reply.status == 404 or reply.body == content
            sidecar = await mirror.get(f"{path(file)}.metadata")
            assert sidecar.status == reply.status
        for file, content in public.items():
            assert (await mirror.get(path(file))).body == content
            assert (await mirror.get(f"{path(file)}.metadata")).status == 200
    status, said = await mirror.cli("verify")
    assert status == 0, said
    assert broken >= POINTS, broken  # or the points were not in the middle


async def test_killed_with_half_a_wheel_on_file(lone_index: Index, make: Make) -> None:
    """lessons #4: of a cold download, and of an upload; both go with the next start."""
    [(file, content)] = lone_index.add("half", "1.0", files={"n": noise(400_000, "half")}).items()
    lone_index.origin.fault(lone_index.path(file), Gate(300_000, asyncio.Event()))
    mirror = make(lone_index.connection())
    await mirror.start()
    _, writer = await asyncio.open_connection("127.0.0.1", mirror.port)
    writer.write(
        f"POST /pypi/main/ HTTP/1.1\r\nHost: localhost:{mirror.port}\r\nContent-Length: 900000\r\n"
        f"Authorization: Bearer {await mirror.token()}\r\n"
        "Content-Type: multipart/form-data; boundary=frontier\r\n\r\n--frontier\r\n"
        'Content-Disposition: form-data; name="content"; filename="x"\r\n\r\n'.encode()
    )
    writer.write(noise(800_000, "upload"))
    async with mirror.send(path(file)) as response:
        assert await response.content.readany()
        async with asyncio.timeout(5):
            while sum(each.startswith("incoming") for each in mirror.files()) < 2:
                await asyncio.sleep(0.01)
        await mirror.kill()
    writer.close()
    await mirror.start()
    assert not any(each.startswith("incoming") for each in mirror.files())
    assert (await mirror.cli("verify"))[0] == 0
    assert (await mirror.get(path(file))).body == content
    assert mirror.blob(sha256(content)).read_bytes() == content


async def _download(mirror: Mirror, file: str, content: bytes) -> None:
    with contextlib.suppress(aiohttp.ClientError):
        reply = await mirror.get(path(file))
        assert (reply.status, reply.body) == (200, content)


async def _upload(
    mirror: Mirror, file: str, content: bytes, acknowledged: dict[str, bytes]
) -> None:
    with contextlib.suppress(aiohttp.ClientError):
        reply = await upload(mirror, file, content, name="ours")
        assert reply.status == 200, reply
        acknowledged[file] = content
