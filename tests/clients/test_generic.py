"""Files of any kind with curl, the only client that generic packages have beside the API."""

import asyncio
import hashlib
import os
import shutil
import unicodedata
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import orjson
import pytest

from tests.running import Running

CURL = shutil.which("curl")
pytestmark = [pytest.mark.client, pytest.mark.skipif(CURL is None, reason="needs curl")]

CONFIG = {"repositories": {"files": {}, "below": {"upstreams": ["files"]}}}
NAMES = ["a b.txt", "naïve.bin", "文件.zip", "x~!@^&()-_+[]{};,.y"]
LARGE = 200 * 1024 * 1024
GROWTH = 32 * 1024 * 1024


class Said(NamedTuple):
    """What curl was told: the final status, the bytes that it sent, and the body or the heads."""

    status: int
    sent: int
    body: bytes


class Curl:
    """curl with a token, in a folder of its own, without anybody's settings."""

    def __init__(self, mirror: Running, folder: Path, token: str = "") -> None:
        self.base = f"{mirror.registry('files', 'generic')}ns/tool"
        self.folder = folder
        self.token = token

    async def __call__(self, place: str, *options: str, given: bytes | None = None) -> Said:
        """Run it on an address below the package; `given` comes through a pipe."""
        url = place if "://" in place else f"{self.base}/{place}"
        named = ("-H", f"Authorization: Bearer {self.token}") if self.token else ()
        written = ("--globoff", "-sS", "-w", "\n%{http_code} %{size_upload}")
        process = await asyncio.create_subprocess_exec(
            *(str(CURL), "-q", *written, *named, *options, url),
            cwd=self.folder,
            stdin=asyncio.subprocess.DEVNULL if given is None else asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        printed, _ = await process.communicate(given)
        body, _, numbers = printed.rpartition(b"\n")
        status, sent = map(int, numbers.split())
        return Said(status, sent, body)

    def file(self, name: str, data: bytes) -> str:
        (self.folder / name).write_bytes(data)
        return name


@pytest.fixture
async def mirror(tmp_path: Path) -> AsyncIterator[Running]:
    async with Running(tmp_path / "mirror", CONFIG) as mirror:
        yield mirror
        assert mirror.troubles == []


@pytest.fixture
async def curl(mirror: Running, tmp_path: Path) -> Curl:
    folder = tmp_path / "desk"
    folder.mkdir()
    return Curl(mirror, folder, await mirror.token())


async def test_up_and_down(curl: Curl) -> None:
    """generic.md §8.13, names of §8.7; an address with a slash at its end gets the file's name."""
    for name in NAMES:
        data = name.encode() * 1000
        said = await curl("1.0/?unfinished=true", "-T", curl.file(name, data))
        assert (said.status, said.sent) == (201, len(data))
        assert orjson.loads(said.body)["asset"]["name"] == name
        got = await curl(f"1.0/{quote(name)}")
        assert (got.status, got.body) == (200, data)
        await curl(f"1.0/{quote(name)}", "-OJ")  # under the name that we say
        plain = name.encode("ascii", "replace").decode().replace("?", "_")
        assert (curl.folder / plain).read_bytes() == data
    told = orjson.loads((await curl("1.0/")).body)
    assert [each["name"] for each in told["assets"]] == sorted(NAMES)
    assert told["status"] == "Unfinished"


async def test_the_name_of_the_file(curl: Curl) -> None:
    said = await curl("1.0/", "-T", curl.file("ä b.bin", b"x"))
    assert (said.status, orjson.loads(said.body)["asset"]["name"]) == (201, "ä b.bin")


async def test_from_a_pipe(curl: Curl) -> None:
    """Chunked, without a length."""
    data = os.urandom(1_000_000)
    said = await curl("1.0/piped.bin", "-T", "-", given=data)
    assert (said.status, orjson.loads(said.body)["asset"]["size"]) == (201, len(data))
    assert (await curl("1.0/piped.bin")).body == data
    said = await curl("2.0/nothing.bin", "-T", "-", given=b"")
    assert (said.status, (await curl("2.0/nothing.bin")).body) == (201, b"")


async def test_parts_conditions_and_heads(curl: Curl) -> None:
    await curl("1.0/a.bin", "-T", curl.file("a.bin", b"0123456789"))
    for _ in range(2):  # the second time from the shelf
        assert (await curl("1.0/a.bin", "-r", "2-4")).body == b"234"
        head = await curl("1.0/a.bin", "-I")
        assert head.status == 200
        assert b"\r\nContent-Length: 10\r\n" in head.body
        etag = hashlib.sha256(b"0123456789").hexdigest()
        same = await curl("1.0/a.bin", "-H", f'If-None-Match: "{etag}"')
        assert (same.status, same.body) == (304, b"")
    (curl.folder / "rest.bin").write_bytes(b"0123")
    assert (await curl("1.0/a.bin", "-C", "-", "-o", "rest.bin")).status == 206
    assert (curl.folder / "rest.bin").read_bytes() == b"0123456789"


async def test_asset_by_asset_until_it_is_whole(curl: Curl) -> None:
    """generic.md §8.2, §8.5."""
    for name in "abc":
        query = "" if name == "c" else "?unfinished=true"
        assert (
            await curl(f"1.0/{name}{query}", "-T", curl.file(name, name.encode()))
        ).status == 201
    assert orjson.loads((await curl("1.0/")).body)["status"] == "Published"
    assert (await curl("1.0/b", "-T", "b")).status == 200
    refused = await curl("1.0/d", "-T", curl.file("d", b"d"))
    assert (refused.status, refused.sent) == (409, 0)  # before a byte of it was sent
    assert b"takes no further assets" in refused.body
    changed = await curl("1.0/b", "-T", "a")
    assert changed.status == 409
    assert b"already exists with other content" in changed.body
    assert (await curl("1.0", "-X", "DELETE")).status == 204
    assert (await curl("1.0/b")).status == 404
    assert (await curl("1.0/b", "-T", "a")).status == 201
    assert (await curl("1.0/b")).body == b"a"


async def test_the_end_of_a_file_is_not_the_file(curl: Curl) -> None:
    said = await curl("1.0/a", "-C", "5", "-T", curl.file("a", b"0123456789"))
    assert (said.status, said.sent) == (400, 0)
    assert b"an asset is sent whole" in said.body


async def test_what_the_file_was_said_to_be(curl: Curl) -> None:
    """generic.md §8.4."""
    curl.file("a.bin", b"right")
    right = hashlib.sha256(b"right").hexdigest()
    said = await curl("1.0/a.bin", "-T", "a.bin", "-H", f"X-Checksum-Sha256: {'0' * 64}")
    assert said.status == 400
    assert b"The provided content hashes do not match" in said.body
    assert (await curl("1.0/")).status == 404
    said = await curl("1.0/a.bin", "-T", "a.bin", "-H", f"X-Checksum-Sha256: {right.upper()}")
    assert said.status == 201


async def test_names_that_nothing_can_have(curl: Curl) -> None:
    curl.file("a.bin", bytes(100_000))
    for place in (
        *("1.0/a=b", "1.0/%20a", "1.0/a%20%20b", "1.0/a%2fb", "1.0/%2e%2e", "1.0/a%00"),
        *("1%20/a", "%2e/a", "1.0%23/a"),
    ):
        said = await curl(place, "-T", "a.bin", "--path-as-is")
        assert (said.status, said.sent) == (400, 0), place
        assert orjson.loads(said.body)["__type"] == "ValidationException"
    # From a Mac: the letter and its accent apart.
    name = unicodedata.normalize("NFD", "naïve.bin")
    said = await curl("1.0/", "-T", curl.file(name, b"x"))
    assert said.status == 400
    assert "U+0308 (COMBINING DIAERESIS)" in said.body.decode()


async def test_without_the_right_to(curl: Curl, mirror: Running) -> None:
    curl.file("a.bin", bytes(100_000))
    reader = (await mirror.run("token", "create", "admin", "--read-only")).strip()
    for token, status in (("", 401), ("mirror_wrong", 401), (reader, 403)):
        curl.token = token
        for expect in ((), ("-H", "Expect:")):  # and if it is sent all the same
            said = await curl("1.0/a.bin", "-T", "a.bin", *expect)
            assert said.status == status
            assert said.sent == 0 or expect
    assert mirror.held("files", "tool", "ns") == {}


async def test_nobody_else_has_it(curl: Curl, mirror: Running) -> None:
    """U16: a repository below does not look here."""
    await curl("1.0/a.bin", "-T", curl.file("a.bin", b"x"))
    below = f"{mirror.registry('below', 'generic')}ns/tool/1.0"
    assert (await curl(f"{below}/a.bin")).status == 404
    assert (await curl(f"{below}/")).status == 404
    assert (await curl(f"{below}/a.bin", "-T", curl.file("b.bin", b"y"))).status == 201
    assert (await curl("1.0/a.bin")).body == b"x"


async def test_two_at_the_same_time(curl: Curl) -> None:
    """generic.md §8.14."""
    for name in "ab":
        curl.file(name, name.encode() * 1_000_000)
    both = await asyncio.gather(*(curl("1.0/x?unfinished=true", "-T", name) for name in "ab"))
    assert sorted(each.status for each in both) == [201, 409]
    winner = "ab"[[each.status for each in both].index(201)]
    assert (await curl("1.0/x")).body == (curl.folder / winner).read_bytes()


async def test_it_survives_a_power_failure(curl: Curl, mirror: Running) -> None:
    data = os.urandom(100_000)
    assert (await curl("1.0/a.bin", "-T", curl.file("a.bin", data))).status == 201
    await mirror.kill()
    await mirror.start()
    assert (await curl("1.0/a.bin")).body == data


async def test_a_large_file_in_little_memory(curl: Curl, mirror: Running) -> None:
    """generic.md §8.6: up and down, nothing but what is on the way is in memory."""
    with (curl.folder / "large").open("wb") as file:
        file.truncate(LARGE)
    await curl("0.1/warm", "-T", curl.file("warm", bytes(2_000_000)))
    before, most = mirror.memory(), 0
    transfers = asyncio.create_task(_there_and_back(curl))
    while not transfers.done():
        most = max(most, mirror.memory())
        await asyncio.sleep(0.02)
    assert await transfers
    assert most - before < GROWTH


async def _there_and_back(curl: Curl) -> bool:
    said = await curl("1.0/large", "-T", "large")
    assert (said.status, said.sent) == (201, LARGE)
    assert (await curl("1.0/large", "-o", "back")).status == 200
    with (curl.folder / "back").open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    return found == orjson.loads(said.body)["asset"]["hashes"]["SHA-256"]
