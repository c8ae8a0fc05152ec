"""The bytes that leave, whole, in part or not at all; on both event loops."""

import asyncio
import gc
import os
import shutil
import socket
import ssl
import subprocess
from pathlib import Path

import pytest

from mirror.endpoints.entity import Entity, Head
from mirror.endpoints.sending import Following, Sending
from mirror.errors import Misbehaved
from tests.endpoints.wire import LOOPS, File, answer, exchange, listening, request, until

BIG = os.urandom(1 << 20) * 12
CLOSE = {"Connection": "close"}


@pytest.fixture(params=LOOPS)
def run(request):
    """Runs a coroutine on each of the loops."""
    with asyncio.Runner(loop_factory=LOOPS[request.param]) as runner:
        yield runner.run


def bytes_entity(body: bytes = b"hello", **changes) -> Entity:
    return Entity(**{"content_type": "text/plain", "etag": '"e"', "body": body, **changes})


def file_entity(tmp_path, content: bytes, **changes) -> Entity:
    file = File(tmp_path / "file", content)
    return Entity(**{"content_type": "a/b", "etag": '"f"', "body": file, "ranges": True, **changes})


class Answers:
    """A handler that sends one entity and remembers its responses."""

    def __init__(self, entity: Entity, **options) -> None:
        self.entity, self.options = entity, options
        self.responses: list[Sending] = []

    async def __call__(self, _request):
        self.responses.append(Sending(self.entity, request_id="r-1", **self.options))
        return self.responses[-1]


def descriptors() -> int:
    gc.collect()  # what other tests left
    return len(list(Path("/proc/self/fd").iterdir()))


async def slow_client(port: int, data: bytes = b"") -> socket.socket:
    """A connected client with little room, whose bytes the test takes itself."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(sock, ("127.0.0.1", port))
    await loop.sock_sendall(sock, data)
    return sock


async def take(sock: socket.socket) -> bytes:
    """What a slow client gets from now on; ends with b"RESET" when the connection broke."""
    loop, parts = asyncio.get_running_loop(), []
    async with asyncio.timeout(10):
        try:
            while part := await loop.sock_recv(sock, 1 << 20):
                parts.append(part)
        except ConnectionResetError:
            parts.append(b"RESET")
    sock.close()
    return b"".join(parts)


def test_small_bodies_on_one_connection(run):
    async def main():
        handler = Answers(bytes_entity(), headers=[("X-Cache", "hit")])
        async with listening(handler) as door:
            reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
            for _ in range(3):
                writer.write(request())
                head, body = await answer(reader)
                assert head.startswith("HTTP/1.1 200 OK\r\n")
                assert body == b"hello"
                for line in ("X-Request-Id: r-1", "X-Cache: hit", 'ETag: "e"', "Date: "):
                    assert f"\r\n{line}" in head
                assert "Connection" not in head
            writer.close()
            assert [each.sent for each in handler.responses] == [5, 5, 5]
            assert repr(handler.responses[0]) == "<Sending 200, 5 bytes sent>"
            assert handler.responses[0].body_length == 5
            assert handler.responses[0].prepared

    run(main())


@pytest.mark.parametrize("kind", ["bytes", "file"])
def test_head_equals_get_without_the_body(run, kind, tmp_path):
    """lessons #10."""

    async def main():
        body = b"x" * 5000
        entity = bytes_entity(body) if kind == "bytes" else file_entity(tmp_path, body)
        async with listening(Answers(entity)) as door:
            reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
            writer.write(request("GET"))
            got, _ = await answer(reader)
            writer.write(request("HEAD") + request("GET", **CLOSE))
            head, _ = await answer(reader, body=False)
            assert head == got
            assert (await reader.read()).endswith(b"\r\n\r\n" + body)
            writer.close()

    run(main())


@pytest.mark.parametrize(
    ("headers", "status", "body", "line"),
    [
        ({"Range": "bytes=2-5"}, 206, b"2345", "Content-Range: bytes 2-5/10"),
        ({"Range": "bytes=-3"}, 206, b"789", "Content-Range: bytes 7-9/10"),
        ({"Range": "bytes=10-"}, 416, b"", "Content-Range: bytes */10"),
        ({"If-None-Match": '"f"'}, 304, b"", 'ETag: "f"'),
        ({"Range": "bytes=0-1,4-5"}, 200, b"0123456789", "Content-Length: 10"),
    ],
)
@pytest.mark.parametrize("kind", ["bytes", "file"])
def test_conditions_and_ranges(run, tmp_path, kind, headers, status, body, line):
    """lessons #11."""

    async def main():
        entity = file_entity(tmp_path, b"0123456789")
        if kind == "bytes":
            entity = bytes_entity(b"0123456789", etag='"f"', ranges=True)
        handler = Answers(entity)
        async with listening(handler) as door:
            got = await exchange(door.port, request(**headers, **CLOSE))
        head, _, rest = got.partition(b"\r\n\r\n")
        assert head.startswith(f"HTTP/1.1 {status} ".encode())
        assert line.encode() in head.split(b"\r\n")
        assert rest == body
        assert head.count(b"Content-Length") == (status != 304)
        assert handler.responses[0].status == status

    run(main())


@pytest.mark.parametrize(
    ("version", "asked", "said", "stays"),
    [
        ("1.1", {}, None, True),
        ("1.1", {"Connection": "close"}, "close", False),
        ("1.0", {}, None, False),
        ("1.0", {"Connection": "keep-alive"}, "keep-alive", True),
    ],
)
def test_keep_alive(run, version, asked, said, stays):
    async def main():
        handler = Answers(bytes_entity())
        async with listening(handler) as door:
            reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
            writer.write(request(version=version, **asked))
            head, _ = await answer(reader)
            assert (f"Connection: {said}" in head) if said else ("Connection" not in head)
            assert handler.responses[0].keep_alive is stays
            if not stays:
                assert await asyncio.wait_for(reader.read(), 5) == b""
            writer.close()

    run(main())


def test_forced_close(run):
    async def main():
        async def handler(_request):
            response = Sending(bytes_entity(), request_id="r")
            response.force_close()
            return response

        async with listening(handler) as door:
            assert b"Connection: close\r\n" in await exchange(door.port, request())

    run(main())


def test_large_file_to_a_slow_reader(run, tmp_path):
    async def main():
        handler = Answers(file_entity(tmp_path, BIG))
        async with listening(handler) as door:
            before = descriptors()
            sock = await slow_client(door.port, request(**CLOSE))
            await asyncio.sleep(0.05)
            got = await take(sock)
            assert got.partition(b"\r\n\r\n")[2] == BIG
            assert handler.responses[0].sent == len(BIG)
            await until(lambda: door.connections == 0)
            assert descriptors() == before

    run(main())


def test_head_that_the_socket_takes_in_parts(run, tmp_path):
    async def main():
        long = "x" * (6 << 20)
        handler = Answers(file_entity(tmp_path, b"end"), headers=[("X-Long", long)])
        async with listening(handler) as door:
            sock = await slow_client(door.port, request(**CLOSE))
            await asyncio.sleep(0.05)
            got = await take(sock)
            assert got.startswith(b"HTTP/1.1 200 OK\r\n")
            assert got.endswith(f"X-Long: {long}\r\nConnection: close\r\n\r\nend".encode())

    run(main())


def test_pipelined_answers_keep_their_order(run, tmp_path):
    """A file behind bytes that the transport still holds goes through the transport."""

    async def main():
        small, large = bytes_entity(b"s" * 9000), file_entity(tmp_path, BIG[: 3 << 20])

        async def handler(asked):
            return Sending(large if asked.path == "/large" else small, request_id="r")

        async with listening(handler) as door:
            asked = request(path="/small") + request(path="/large") + request(path="/small")
            sock = await slow_client(door.port, asked + request(path="/large", **CLOSE))
            await asyncio.sleep(0.05)
            got = await take(sock)
        bodies = [part.partition(b"\r\n\r\n")[2] for part in got.split(b"HTTP/1.1 200 OK\r\n")[1:]]
        assert bodies == [b"s" * 9000, BIG[: 3 << 20]] * 2

    run(main())


def test_over_tls(run, tmp_path):
    async def main():
        server, client = certificates(tmp_path)
        handler = Answers(file_entity(tmp_path, BIG))
        async with listening(handler, tls=server) as door:
            got = await exchange(door.port, request(**CLOSE), tls=client)
            assert got.partition(b"\r\n\r\n")[2] == BIG
            assert handler.responses[0].sent == len(BIG)

    run(main())


@pytest.mark.parametrize("reset", [True, False])
def test_client_that_leaves(run, tmp_path, reset):
    """Neither an error nor a descriptor is left behind."""

    async def main():
        handler = Answers(file_entity(tmp_path, BIG))
        async with listening(handler) as door:
            before = descriptors()
            sock = await slow_client(door.port, request())
            await until(lambda: handler.responses)
            await asyncio.get_running_loop().sock_recv(sock, 100)
            if reset:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            sock.close()
            await until(lambda: door.connections == 0)
            assert descriptors() == before
            assert 0 < handler.responses[0].sent < len(BIG)

    run(main())


@pytest.mark.parametrize("kind", ["bytes", "file", "tls"])
def test_client_that_takes_nothing(run, tmp_path, kind):
    async def main():
        entity = bytes_entity(BIG) if kind == "bytes" else file_entity(tmp_path, BIG)
        server, client = certificates(tmp_path) if kind == "tls" else (None, None)
        handler = Answers(entity, send_timeout=0.1)
        async with listening(handler, tls=server) as door:
            before = descriptors()
            if client is None:
                sock = await slow_client(door.port, request())
                await until(lambda: handler.responses)
                await until(lambda: door.connections == 0)
                got = await take(sock)
                assert got.endswith(b"RESET")
                assert len(got) < len(BIG)
                assert descriptors() == before
            else:
                reader, writer = await asyncio.open_connection(
                    sock=await slow_client(door.port), ssl=client, server_hostname="", limit=1024
                )
                writer.write(request())
                await until(lambda: handler.responses)
                await until(lambda: door.connections == 0)
                with pytest.raises((ConnectionResetError, ssl.SSLError)):
                    await reader.read()
                writer.transport.abort()

    run(main())


@pytest.mark.parametrize("kind", ["bytes", "file"])
def test_client_that_is_slow_but_steady(run, tmp_path, kind):
    """lessons #14c: longer than the timeout in all, never as long without a byte."""

    async def main():
        entity = bytes_entity(BIG) if kind == "bytes" else file_entity(tmp_path, BIG)
        loop = asyncio.get_running_loop()
        async with listening(Answers(entity, send_timeout=0.15)) as door:
            sock = await slow_client(door.port, request(**CLOSE))
            began, got = loop.time(), 0
            while loop.time() - began < 0.5:
                for _ in range(8):
                    got += len(await loop.sock_recv(sock, 1 << 18))
                await asyncio.sleep(0.01)
            got += len(await take(sock))
            assert got > len(BIG)

    run(main())


def test_cancelled_in_the_middle(run, tmp_path):
    async def main():
        tasks, entity = [], file_entity(tmp_path, BIG)

        async def handler(_request):
            tasks.append(asyncio.current_task())
            return Sending(entity, request_id="r")

        async with listening(handler) as door:
            before = descriptors()
            sock = await slow_client(door.port, request())
            await until(lambda: tasks)
            await asyncio.sleep(0.05)
            tasks[0].cancel()
            assert (await take(sock)).endswith(b"RESET")
            await until(lambda: door.connections == 0)
            assert descriptors() == before

    run(main())


def test_file_that_shrank(run, tmp_path, caplog):
    async def main():
        entity = file_entity(tmp_path, BIG)
        async with listening(Answers(entity)) as door:
            os.truncate(tmp_path / "file", 1000)
            got = await take(await slow_client(door.port, request()))
            assert got.endswith(b"RESET")
        assert f"ends {len(BIG) - 1000} bytes early" in caplog.text

    run(main())


def test_sent_once_however_often_asked(run):
    async def main():
        async def handler(asked):
            response = Sending(bytes_entity(), request_id="r")
            with pytest.raises(RuntimeError):
                await response.write_eof()
            await response.prepare(asked)
            await response.write_eof()
            return response

        async with listening(handler) as door:
            got = await exchange(door.port, request(**CLOSE))
            assert got.count(b"HTTP/1.1") == 1

    run(main())


def test_a_handler_may_send_by_itself_and_lose_the_client(run, tmp_path, caplog):
    """Nothing is sent after half an answer, and nothing is logged as our mistake."""

    async def main():
        entity = file_entity(tmp_path, BIG)

        async def handler(asked):
            response = Sending(entity, request_id="r", send_timeout=0.1)
            await response.prepare(asked)
            await response.write_eof()
            return response

        async with listening(handler) as door:
            sock = await slow_client(door.port, request())
            await until(lambda: door.connections == 1)
            await until(lambda: door.connections == 0)
            assert (await take(sock)).count(b"HTTP/1.") == 1

    run(main())
    assert not caplog.records


def test_request_id_cannot_split_the_head():
    with pytest.raises(ValueError, match="request id"):
        Sending(bytes_entity(), request_id="a\r\nSet-Cookie: b")


# ---------------------------------------------------------------- files that are still arriving


class Transfer:
    """A growing file under the test's control."""

    def __init__(self, tmp_path) -> None:
        path = tmp_path / "growing"
        self._writer = path.open("wb", buffering=0)
        self._reader = path.open("rb", buffering=0)
        self._limit = 0
        self._done = False
        self._failure: Exception | None = None
        self._changed = asyncio.Condition()

    def fileno(self) -> int:
        return self._reader.fileno()

    @property
    def finished(self) -> bool:
        if self._failure is not None:
            raise self._failure
        return self._done

    async def released(self, beyond: int) -> int:
        async with self._changed:
            await self._changed.wait_for(lambda: self._limit > beyond or self.finished)
        return self._limit

    async def grow(self, data: bytes = b"", *, done=False, failure=None) -> None:
        self._writer.write(data)
        async with self._changed:
            self._limit += len(data)
            self._done, self._failure = done, failure
            self._changed.notify_all()

    def close(self) -> None:
        self._writer.close()
        self._reader.close()


class Follows:
    """A handler that follows one transfer."""

    def __init__(self, source: Transfer, size: int | None) -> None:
        self.source, self.size = source, size
        self.response: Following | None = None

    async def __call__(self, _request):
        head = Head(content_type="a/b", etag='"g"')
        self.response = Following(head, self.source, self.size, request_id="r")
        return self.response


def dechunk(body: bytes) -> tuple[bytes, bool]:
    """The content of a chunked body, and whether it ended as it should."""
    content = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        if length == 0:
            return content, rest == b"\r\n"
        content, body = content + rest[:length], rest[length + 2 :]
    return content, False


@pytest.mark.parametrize("size", [len(BIG) + 10, None])
def test_follow(run, tmp_path, size):
    """lessons #7: the first byte does not wait for the last."""

    async def main():
        source = Transfer(tmp_path)
        handler = Follows(source, size)
        async with listening(handler) as door:
            reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
            writer.write(request(**CLOSE))
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
            await source.grow(b"0123456789")
            first = b"0123456789" if size else b"a\r\n0123456789"
            assert await asyncio.wait_for(reader.readexactly(len(first)), 5) == first
            await source.grow(BIG, done=True)
            rest = first + await asyncio.wait_for(reader.read(), 10)
            writer.close()
            if size is None:
                assert b"Transfer-Encoding: chunked" in head
                assert b"Content-Length" not in head
                assert dechunk(rest) == (b"0123456789" + BIG, True)
            else:
                assert f"Content-Length: {size}\r\n".encode() in head
                assert rest == b"0123456789" + BIG
            assert b"Accept-Ranges" not in head
            assert handler.response.sent == len(BIG) + 10
        source.close()

    run(main())


def test_follow_keeps_the_connection(run, tmp_path):
    async def main():
        source = Transfer(tmp_path)
        await source.grow(b"all", done=True)
        async with listening(Follows(source, None)) as door:
            got = await exchange(door.port, request() + request(**CLOSE))
            assert got.count(b"3\r\nall\r\n0\r\n\r\n") == 2
            assert b"HTTP/1.1 200 OK" in got
        source.close()

    run(main())


def test_follow_of_unknown_length_to_http_1_0_ends_with_the_connection(run, tmp_path):
    async def main():
        source = Transfer(tmp_path)
        await source.grow(b"all of it", done=True)
        async with listening(Follows(source, None)) as door:
            asked = request(version="1.0", Connection="keep-alive")
            head, _, body = (await exchange(door.port, asked)).partition(b"\r\n\r\n")
            assert b"chunked" not in head
            assert b"keep-alive" not in head
            assert body == b"all of it"
        source.close()

    run(main())


@pytest.mark.parametrize("size", [9, None])
def test_head_of_an_arriving_file(run, tmp_path, size):
    """lessons #10."""

    async def main():
        source = Transfer(tmp_path)
        async with listening(Follows(source, size)) as door:
            got = await exchange(door.port, request("HEAD", **CLOSE))
            assert got.endswith(b"\r\n\r\n")
            assert (b"Content-Length: 9\r\n" in got) is (size == 9)
        source.close()

    run(main())


@pytest.mark.parametrize(
    ("size", "version"), [(100, "1.1"), (None, "1.1"), (100, "1.0"), (None, "1.0")]
)
def test_transfer_that_fails_breaks_the_connection(run, tmp_path, size, version):
    """lessons #5: short of the promise, without a last chunk, and not as an orderly end."""

    async def main():
        source = Transfer(tmp_path)
        handler = Follows(source, size)
        async with listening(handler) as door:
            sock = await slow_client(door.port, request(version=version))
            taking = asyncio.ensure_future(take(sock))
            await source.grow(b"some bytes")
            await until(lambda: handler.response is not None)
            await asyncio.sleep(0.05)
            await source.grow(failure=Misbehaved("wrong digest"))
            body = (await taking).partition(b"\r\n\r\n")[2]
            if size is None and version == "1.1":
                assert body == b"a\r\nsome bytesRESET"
            else:
                assert body == b"some bytesRESET"
            assert isinstance(handler.response.failure, Misbehaved)
            assert handler.response.sent == 10
        source.close()

    run(main())


@pytest.mark.parametrize("content", [b"too short", b"rather too long"])
def test_transfer_that_breaks_its_promise(run, tmp_path, content):
    """lessons #5."""

    async def main():
        source = Transfer(tmp_path)
        handler = Follows(source, 10)
        async with listening(handler) as door:
            await source.grow(content, done=True)
            got = await take(await slow_client(door.port, request()))
            assert got.endswith(b"RESET")
            assert "promised 10 bytes" in str(handler.response.failure)
            assert handler.response.sent < 10
        source.close()

    run(main())


def test_follower_that_leaves(run, tmp_path):
    async def main():
        source = Transfer(tmp_path)
        handler = Follows(source, None)
        async with listening(handler) as door:
            sock = await slow_client(door.port, request())
            await source.grow(b"some")
            await until(lambda: handler.response is not None)
            sock.close()
            await until(lambda: door.connections == 0)
            await source.grow(b"more", done=True)
            await asyncio.sleep(0.02)
            assert handler.response.failure is None
        source.close()

    run(main())


def certificates(tmp_path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Contexts of a server with a certificate of its own making, and of a client that trusts it."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command")
    path = tmp_path / "server.pem"
    asked = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=here"
    subprocess.run(
        ["openssl", *asked.split(), "-keyout", path, "-out", tmp_path / "certificate.pem"],
        check=True,
        capture_output=True,
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "certificate.pem", path)
    client = ssl.create_default_context(cafile=str(tmp_path / "certificate.pem"))
    client.check_hostname = False
    return server, client
