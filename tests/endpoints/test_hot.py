"""The short way answers like the long way, byte for byte, and steps aside for everything else."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mirror.app import Parts, assembled
from mirror.config import load
from mirror.endpoints.listening import Listening, serve
from mirror.setup import first_start
from tests.faults.packages import noise, packument
from tests.origin import Origin

NAME, SCOPED = "warm", "@team/warm"
CONTENT = noise(40_000)


@pytest.fixture
async def parts(tmp_path: Path) -> AsyncIterator[Parts]:
    async with Origin() as origin:
        for name in (NAME, SCOPED):
            origin.serve_json(f"/{name}", packument(str(origin.url), name, {"1.0.0": CONTENT}))
            origin.serve(f"/{name}/-/warm-1.0.0.tgz", CONTENT)
        config = tmp_path / "mirror.yaml"
        config.write_text(f"connections: {{'public:npmjs': {{url: '{origin.url}'}}}}")
        settings = load(config, {"MIRROR_DATA_DIR": str(tmp_path / "data")})
        async with assembled(settings) as parts:
            await first_start(parts.database, parts.users, settings, tmp_path / "data")
            yield parts


@pytest.fixture
async def long_way(parts: Parts) -> AsyncIterator[Listening]:
    listening = await serve(parts.handler, "127.0.0.1", 0)
    yield listening
    await listening.close(0)


@pytest.fixture
async def short_way(parts: Parts) -> AsyncIterator[Listening]:
    listening = await serve(parts.handler, "127.0.0.1", 0, hot=parts.hot)
    yield listening
    await listening.close(0)


async def exchange(port: int, *requests: bytes) -> bytes:
    """Send each request when the one before is answered; everything that came back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    got = b""
    for request in requests:
        writer.write(request)
        got += await asyncio.wait_for(_answer(reader, head_only=request.startswith(b"HEAD")), 10)
    writer.close()
    await writer.wait_closed()
    return re.sub(rb"(Date|X-Request-Id): [^\r]*", rb"\1: -", got)


async def _answer(reader: asyncio.StreamReader, *, head_only: bool) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"Content-Length: (\d+)", head)
    if head_only or length is None:
        return head
    return head + await reader.readexactly(int(length[1]))


def request(path: str, *fields: str, method: str = "GET") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: mirror.lan:8080", *fields]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


DOCUMENT = f"/npm/main/{NAME}"
TARBALL = f"/npm/main/{NAME}/-/{NAME}-1.0.0.tgz"
ABBREVIATED = "Accept: application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*"
WARM = [
    request(DOCUMENT),
    request(DOCUMENT, ABBREVIATED),
    request(DOCUMENT, ABBREVIATED, "Accept-Encoding: gzip, deflate, br"),
    request(DOCUMENT, "If-None-Match: *"),
    request(DOCUMENT, 'If-None-Match: "no", W/"such"'),
    request(DOCUMENT, method="HEAD"),
    request("/npm/main/@team%2fwarm", ABBREVIATED),
    request("/npm/main/@team/warm"),
    request(f"/d/default{DOCUMENT}"),
    request(TARBALL),
    request(TARBALL, method="HEAD"),
    request(TARBALL, "Range: bytes=10-19"),
    request(TARBALL, "Range: bytes=-5"),
    request(TARBALL, "Range: bytes=40000-"),
    request(TARBALL, 'If-Range: "other"', "Range: bytes=0-1"),
    request("/npm/main/@team/warm/-/warm-1.0.0.tgz"),
]
COLD = [
    request("/npm/main/nothing-of-this-name"),
    request("/npm/nowhere/warm"),
    request("/nonsense"),
    request("/npm/main/..%2f..%2fetc"),
    request(f"{DOCUMENT}?write=true"),
    request(f"{DOCUMENT}/1.0.0"),
    request(f"{DOCUMENT}/9.9.9"),
    request("/npm/main/-/ping"),
    request(DOCUMENT, "Authorization: Bearer wrong"),
    request("/-/health"),
]


@pytest.mark.parametrize("asked", [*WARM, *COLD], ids=lambda asked: asked[:60].decode())
async def test_both_ways_say_the_same(
    parts: Parts, long_way: Listening, short_way: Listening, asked: bytes
) -> None:
    await exchange(long_way.port, *WARM)  # now all of it is on the shelf
    expected = await exchange(long_way.port, asked, asked)
    assert await exchange(short_way.port, asked, asked) == expected


async def test_a_warm_request_never_reaches_aiohttp(parts: Parts, short_way: Listening) -> None:
    for _ in range(2):  # the first files retained their versions, which the documents may show
        await exchange(short_way.port, *WARM)
    before = short_way.requests
    await exchange(short_way.port, *WARM)
    assert short_way.requests == before


async def test_bytes_of_a_body_are_never_taken_for_a_request(short_way: Listening) -> None:
    """A publish whose body looks like a request must be one request."""
    smuggled = request(DOCUMENT)
    head = request("/npm/main/evil", f"Content-Length: {len(smuggled)}", method="PUT")
    reader, writer = await asyncio.open_connection("127.0.0.1", short_way.port)
    writer.write(request(DOCUMENT))
    await _answer(reader, head_only=False)
    writer.write(head)
    await asyncio.sleep(0.05)
    writer.write(smuggled)
    got = await asyncio.wait_for(_answer(reader, head_only=False), 10)
    assert got.startswith(b"HTTP/1.1 401 ")
    with pytest.raises((TimeoutError, asyncio.IncompleteReadError)):
        await asyncio.wait_for(_answer(reader, head_only=False), 0.3)
    writer.close()


async def test_pipelined_requests_are_answered_in_order(short_way: Listening) -> None:
    await exchange(short_way.port, *WARM)
    reader, writer = await asyncio.open_connection("127.0.0.1", short_way.port)
    writer.write(request(DOCUMENT) + request("/-/health") + request(TARBALL, "Range: bytes=0-0"))
    answers = [await asyncio.wait_for(_answer(reader, head_only=False), 10) for _ in range(3)]
    assert [answer[9:12] for answer in answers] == [b"200", b"200", b"206"]
    assert answers[1].endswith(b"ok\n")
    writer.close()


async def test_a_client_that_reads_nothing_is_left_to_the_long_way(short_way: Listening) -> None:
    """Answers must not pile up in memory for it."""
    await exchange(short_way.port, *WARM)
    reader, writer = await asyncio.open_connection("127.0.0.1", short_way.port)
    for _ in range(500):
        writer.write(request(TARBALL))
        await asyncio.sleep(0)
    for _ in range(500):
        answer = await asyncio.wait_for(_answer(reader, head_only=False), 10)
        assert answer.endswith(CONTENT[-100:])
    writer.close()


async def test_a_right_withdrawn_is_withdrawn_here_too(parts: Parts, short_way: Listening) -> None:
    token = await parts.tokens.create("admin", "test")
    asked = request(DOCUMENT, f"Authorization: Bearer {token}")
    assert (await exchange(short_way.port, asked, asked)).count(b"HTTP/1.1 200") == 2
    await parts.tokens.revoke(token=token)
    assert (await exchange(short_way.port, asked)).startswith(b"HTTP/1.1 401")
