"""Who is let in, for how long, and how it ends; on both event loops."""

import asyncio
import logging
import socket
import time

import pytest
from aiohttp import web

from mirror.endpoints.entity import Entity
from mirror.endpoints.front import Front
from mirror.endpoints.listening import serve
from mirror.endpoints.sending import Sending
from tests.endpoints.wire import LOOPS, answer, exchange, listening, request, until

HELLO = Entity(content_type="text/plain", body=b"hello")


@pytest.fixture(params=LOOPS)
def run(request):
    """Runs a coroutine on each of the loops."""
    with asyncio.Runner(loop_factory=LOOPS[request.param]) as runner:
        yield runner.run


async def hello(_request) -> web.StreamResponse:
    return Sending(HELLO, request_id="r")


async def connect(port: int, data: bytes = b""):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    return reader, writer


async def everything(reader) -> bytes:
    async with asyncio.timeout(5):
        try:
            return await reader.read()
        except ConnectionResetError:
            return b"RESET"


def test_one_connection_too_many(run):
    async def main():
        async with listening(hello, connections=2) as door:
            first, second = await connect(door.port), await connect(door.port)
            await until(lambda: door.connections == 2)
            third = await connect(door.port)
            refused = await everything(third[0])
            third[1].close()
            assert refused.startswith(b"HTTP/1.1 503 ")
            assert b"Connection: close" in refused
            first[1].write(request())
            assert (await answer(first[0]))[1] == b"hello"
            second[1].close()
            await until(lambda: door.connections == 1)
            assert b"200 OK" in await exchange(door.port, request(Connection="close"))
            first[1].close()

    run(main())


@pytest.mark.parametrize("sent", [b"", b"G", b"GET / HTTP/1.1\r\nHost: here\r\nX-Slow: "])
def test_a_head_that_does_not_end(run, sent):
    async def main():
        async with listening(hello, head=0.15) as door:
            reader, writer = await connect(door.port, sent)
            got = await everything(reader)
            assert got.startswith(b"HTTP/1.1 408 ")
            assert got.endswith(b"\r\nConnection: close\r\n\r\n")
            writer.close()
            await until(lambda: door.connections == 0)

    run(main())


def test_the_second_head_has_its_time_from_its_first_byte(run):
    async def main():
        async with listening(hello, head=0.2) as door:
            reader, writer = await connect(door.port, request())
            await answer(reader)
            await asyncio.sleep(0.3)  # idle is not late
            writer.write(request())
            await answer(reader)
            writer.write(b"GET / HT")
            began = time.monotonic()
            assert (await everything(reader)).startswith(b"HTTP/1.1 408 ")
            assert 0.15 < time.monotonic() - began < 10
            writer.close()

    run(main())


def test_a_slow_body_is_not_a_slow_head(run):
    """lessons #14c: nor does the time that it took count against the next head."""

    async def main():
        async def handler(asked):
            body = await asked.read()
            return Sending(Entity(content_type="a/b", body=body), request_id="r")

        async with listening(handler, head=0.15) as door:
            reader, writer = await connect(door.port, request("PUT", Content_Length="6"))
            for byte in b"abcdef":
                await asyncio.sleep(0.06)
                writer.write(bytes([byte]))
            assert (await answer(reader))[1] == b"abcdef"
            await asyncio.sleep(0.3)
            writer.write(request(Content_Length="1") + b"z")
            assert (await answer(reader))[1] == b"z"
            writer.close()

    run(main())


def test_a_slow_answer_is_not_a_slow_head(run):
    async def main():
        async def handler(_request):
            await asyncio.sleep(0.4)
            return Sending(HELLO, request_id="r")

        async with listening(handler, head=0.1) as door:
            assert b"hello" in await exchange(door.port, request(Connection="close"))

    run(main())


def test_many_slow_heads_hinder_nobody(run):
    async def main():
        async with listening(hello, head=0.6) as door:
            slow = [await connect(door.port, b"GET / HTTP/1.1\r\n") for _ in range(200)]
            began = time.process_time()
            for _ in range(3):
                for _, writer in slow:
                    writer.write(b"x")
                assert b"hello" in await exchange(door.port, request(Connection="close"))
            assert time.process_time() - began < 0.5
            ends = await asyncio.gather(*(everything(reader) for reader, _ in slow))
            assert all(end.startswith(b"HTTP/1.1 408 ") for end in ends)
            for _, writer in slow:
                writer.close()

    run(main())


@pytest.mark.parametrize(
    "data",
    [
        b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: here\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: here\r\nX-Long: " + b"x" * 9000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: here\r\nX-Split\r\n : x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03%s%d",
        b"GET / HTTP/1.1\r\nHost: here\r\n" + b"A: b\r\n" * 1000 + b"\r\n",
    ],
)
def test_malformed_and_oversized_heads(run, data, caplog):
    """One answer, one line in the log, and the end of the connection."""

    async def main():
        with caplog.at_level(logging.INFO):
            async with listening(hello) as door:
                got = await exchange(door.port, data)
                assert got.startswith(b"HTTP/1.")
                assert b" 400 " in got[:16]
                assert got.count(b"HTTP/1.") == 1
        records = [each for each in caplog.records if each.name == "mirror.http"]
        assert all(each.exc_info is None and "\n" not in each.getMessage() for each in records)

    run(main())


def test_idle_connections_end(run):
    async def main():
        async with listening(hello, idle=0.1) as door:
            reader, writer = await connect(door.port, request())
            await answer(reader)
            assert await everything(reader) == b""
            writer.close()

    run(main())


def test_bytes_after_the_refusal_are_ignored(run):
    async def main():
        async with listening(hello, connections=0) as door:
            got = await exchange(door.port, request())
            assert got.count(b"HTTP/1.1") == 1
            assert door.connections == 0

    run(main())


class Slow:
    """A handler that answers when it is told to."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.began = asyncio.Event()
        self.cancelled = False

    async def __call__(self, _request):
        self.began.set()
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return Sending(HELLO, request_id="r")


def test_close_ends_the_idle_at_once_and_waits_for_the_busy(run):
    async def main():
        slow = Slow()
        door = await serve(slow, "127.0.0.1", 0)
        idle = await connect(door.port)
        busy = await connect(door.port, request())
        await slow.began.wait()
        await until(lambda: door.connections == 2)
        closing = asyncio.ensure_future(door.close(5))
        assert await everything(idle[0]) == b""
        with pytest.raises(ConnectionRefusedError):
            await connect(door.port)
        assert not closing.done()
        slow.go.set()
        assert b"hello" in await everything(busy[0])
        await asyncio.wait_for(closing, 1)
        idle[1].close()
        busy[1].close()

    run(main())


def test_close_lets_an_upload_in_progress_end(run):
    async def main():
        began = asyncio.Event()

        async def handler(asked):
            began.set()
            body = await asked.read()
            return Sending(Entity(content_type="a/b", body=body), request_id="r")

        door = await serve(handler, "127.0.0.1", 0)
        reader, writer = await connect(door.port, request("PUT", Content_Length="2") + b"a")
        await began.wait()
        closing = asyncio.ensure_future(door.close(5))
        await asyncio.sleep(0.05)
        writer.write(b"b")
        assert (await everything(reader)).endswith(b"ab")
        await closing
        writer.close()

    run(main())


def test_close_breaks_what_outlasts_the_grace(run):
    async def main():
        slow = Slow()
        door = await serve(slow, "127.0.0.1", 0)
        reader, writer = await connect(door.port, request())
        await slow.began.wait()
        began = time.monotonic()
        await door.close(0.1)
        assert 0.1 <= time.monotonic() - began < 10  # it would wait for ever
        assert slow.cancelled
        assert await everything(reader) == b"RESET"
        assert door.connections == 0
        writer.close()

    run(main())


def test_close_breaks_a_client_that_takes_nothing(run):
    async def main():
        entity = Entity(content_type="a/b", body=b"x" * (16 << 20))

        async def handler(_request):
            return Sending(entity, request_id="r")

        door = await serve(handler, "127.0.0.1", 0)
        sock = socket.socket()
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", door.port))
        await asyncio.get_running_loop().sock_sendall(sock, request())
        await asyncio.get_running_loop().sock_recv(sock, 100)
        await asyncio.wait_for(door.close(0.1), 3)
        assert door.connections == 0
        sock.close()

    run(main())


def test_aiohttp_runs_one_task_from_the_handler_to_the_last_byte(run):
    """What `Front.task` rests on: aiohttp's choice of tasks, pinned here."""

    async def main():
        seen = []

        class Watched(Sending):
            async def write_eof(self, data: bytes = b"") -> None:
                seen.append((front.task, asyncio.current_task()))
                await super().write_eof(data)

        async def handler(asked):
            nonlocal front
            front = asked.transport.get_protocol()
            return Watched(HELLO, request_id="r")

        front: Front | None = None
        async with listening(handler) as door:
            reader, writer = await connect(door.port, request())
            await answer(reader)
            assert isinstance(front, Front)
            assert seen[0][0] is seen[0][1] is not None
            seen.clear()
            await until(lambda: front.task is None)
            writer.close()

    run(main())
