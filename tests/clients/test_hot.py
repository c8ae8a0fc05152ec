"""What real clients ask, asked again both ways: the short way answers it byte for byte alike."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import orjson
import pytest

from mirror.app import Parts, assembled
from mirror.config import load
from mirror.endpoints.hot import HotPath, Outcome
from mirror.endpoints.listening import serve
from mirror.setup import first_start
from tests.clients.clients import Desk
from tests.clients.pythons import Bench
from tests.clients.registry import Registry
from tests.endpoints.test_hot import exchange
from tests.index import Index

pytestmark = pytest.mark.client


class Counting:
    """The short way, and how many requests it answered."""

    def __init__(self, hot: HotPath) -> None:
        self._hot = hot
        self.answered = 0

    def answer(self, *arguments) -> Outcome:
        outcome = self._hot.answer(*arguments)
        self.answered += outcome is Outcome.ANSWERED
        return outcome


class Wire:
    """Passes bytes on to a server, and keeps the requests that come in one piece."""

    def __init__(self, port: int) -> None:
        self._target = port
        self.requests: dict[bytes, None] = {}

    async def __call__(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        server, there = await asyncio.open_connection("127.0.0.1", self._target)
        answers = asyncio.create_task(self._pass(server, back))
        with suppress(ConnectionError):
            while data := await client.read(1 << 16):
                if data.startswith((b"GET ", b"HEAD ")) and data.endswith(b"\r\n\r\n"):
                    self.requests[data] = None
                there.write(data)
                await there.drain()
        there.close()
        await answers

    async def _pass(self, server: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await server.read(1 << 16):
                back.write(data)
                await back.drain()
        back.close()


@asynccontextmanager
async def mirror_of(folder: Path, registry: Registry, index: Index) -> AsyncIterator[Parts]:
    connections = registry.connection()["connections"] | index.connection()["connections"]
    config = folder / "mirror.yaml"
    config.write_bytes(orjson.dumps({"connections": connections}))
    settings = load(config, {"MIRROR_DATA_DIR": str(folder / "data")})
    async with assembled(settings) as parts:
        await first_start(parts.database, parts.users, settings, folder / "data")
        yield parts


@pytest.mark.parametrize("named", [False, True], ids=["anonymous", "by token"])
async def test_both_ways_say_the_same(
    registry: Registry, index: Index, tmp_path: Path, named: bool
) -> None:
    async with mirror_of(tmp_path, registry, index) as parts:
        token = await parts.tokens.create("admin", "build") if named else None
        hot = Counting(parts.hot)
        long_way = await serve(parts.handler, "127.0.0.1", 0)
        short_way = await serve(parts.handler, "127.0.0.1", 0, hot=hot)
        wire = Wire(long_way.port)
        async with await asyncio.start_server(wire, "127.0.0.1", 0) as recorder:
            base = f"http://127.0.0.1:{recorder.sockets[0].getsockname()[1]}"
            for client in ("npm-11", "pnpm-11", "yarn-4", "bun"):
                desk = Desk(client, tmp_path / client, f"{base}/npm/main/", token)
                await desk.add("left", "@tools/deep@1.0.1")
                await desk.add("left")  # once more: with validators, where the client has them
                desk.freshen()
                await desk.frozen()
            for client in ("pip-26", "uv"):
                bench = Bench(client, tmp_path / client, f"{base}/pypi/main/", token)
                await bench.add("alpha")
                bench.freshen()
                await bench.frozen()
        assert len(wire.requests) > 20
        for asked in wire.requests:
            expected = await exchange(long_way.port, asked, asked)
            assert await exchange(short_way.port, asked, asked) == expected, asked
        assert hot.answered > len(wire.requests)  # of twice as many: most of them, at least once
        await long_way.close(0)
        await short_way.close(0)
