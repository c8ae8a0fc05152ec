"""A server on loopback and a client that sees every byte, for the tests of this folder."""

import asyncio
import contextlib
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import uvloop

from mirror.endpoints.front import Limits
from mirror.endpoints.listening import Listening, serve

LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


class File:
    """An open file, as the store hands them out."""

    def __init__(self, path: Path, content: bytes) -> None:
        path.write_bytes(content)
        self.path = path
        self.size = len(content)
        self._descriptor = os.open(path, os.O_RDONLY)

    def fileno(self) -> int:
        return self._descriptor

    def __del__(self) -> None:
        os.close(self._descriptor)


@contextlib.asynccontextmanager
async def listening(handler, *, tls=None, **limits) -> AsyncIterator[Listening]:
    door = await serve(handler, "127.0.0.1", 0, limits=Limits(**limits), tls=tls)
    try:
        yield door
    finally:
        await door.close(0)


def request(method="GET", path="/", version="1.1", **headers: str) -> bytes:
    fields = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"{method} {path} HTTP/{version}\r\nHost: here\r\n{fields}\r\n".encode()


async def exchange(port: int, data: bytes, tls=None) -> bytes:
    """Everything that comes back until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
    try:
        writer.write(data)
        async with asyncio.timeout(10):
            return await reader.read()
    finally:
        writer.close()


async def answer(reader: asyncio.StreamReader, *, body: bool = True) -> tuple[str, bytes]:
    """One answer with a Content-Length: its head, and its body unless there is none."""
    async with asyncio.timeout(10):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = re.search(r"Content-Length: (\d+)", head)
        return head, await reader.readexactly(int(length[1]) if body and length else 0)


async def until(condition, seconds: float = 5.0) -> None:
    """Wait for something that another task is about to bring about."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)
