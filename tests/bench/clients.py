"""Many clients at once, in a process of their own.

`python -m tests.bench.clients COUNT FILE URL` asks COUNT times for URL at the same moment, compares
what comes with FILE, and prints a `Crowd` as JSON. The clients speak HTTP/1.0, which needs no
parsing of a body, and keep nothing of what they get.
"""

import asyncio
import json
import sys
import time
from functools import partial
from pathlib import Path
from typing import NamedTuple, cast
from urllib.parse import urlsplit

import uvloop

PATIENCE = 120.0  # seconds for all of them


class Crowd(NamedTuple):
    """Seconds to the slowest first byte of a body and until all were done; how many were sent
    elsewhere, and how many did not get what they should.
    """

    first_byte: float
    done: float
    away: int
    failed: int


class Client(asyncio.BufferedProtocol):
    """Compares a body with what it should be, as it comes."""

    scratch = bytearray(1 << 20)  # shared: each piece is looked at before the next one comes

    def __init__(self, url: str, expected: bytes) -> None:
        self.parts, self.expected = urlsplit(url), expected
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.head, self.position, self.first_byte = b"", -1, 0.0
        self.right = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        host = f"Host: {self.parts.netloc}\r\nConnection: close"
        asked = f"GET {self.parts.path} HTTP/1.0\r\n{host}\r\n\r\n"
        cast("asyncio.Transport", transport).write(asked.encode())

    def get_buffer(self, sizehint: int) -> bytearray:
        return self.scratch

    def buffer_updated(self, count: int) -> None:
        piece = bytes(self.scratch[:count])
        if self.position < 0:
            self.head, found, piece = (self.head + piece).partition(b"\r\n\r\n")
            if not found:
                return
            self.position = 0
        if piece and not self.first_byte:
            self.first_byte = time.perf_counter()
        # Quicker than comparing memoryviews.
        self.right &= self.expected.startswith(piece, self.position)
        self.position += len(piece)

    def connection_lost(self, error: Exception | None) -> None:
        status, location = self.head[9:12], ""
        if status[:1] == b"3":
            lines = self.head.decode("latin-1").split("\r\n")
            location = next(each[10:] for each in lines if each.lower().startswith("location: "))
        elif status != b"200" or not self.right or self.position != len(self.expected):
            location = "nowhere"
        self.ended.set_result(location)


async def fetch(url: str, expected: bytes) -> tuple[float, bool, bool]:
    """When its first byte came, whether it was sent elsewhere, and whether all went well."""
    loop, away = asyncio.get_running_loop(), False
    while True:
        parts = urlsplit(url)
        try:
            _, client = await loop.create_connection(
                partial(Client, url, expected), parts.hostname or "", parts.port or 80
            )
        except OSError:
            return time.perf_counter(), away, False
        location = await client.ended
        if not location.startswith("http"):
            return client.first_byte or time.perf_counter(), away, not location
        url, away = location, True


async def crowd(count: int, url: str, expected: bytes) -> Crowd:
    """All of them ask at once."""
    began = time.perf_counter()
    async with asyncio.timeout(PATIENCE):
        came = await asyncio.gather(*(fetch(url, expected) for _ in range(count)))
    done = time.perf_counter()
    return Crowd(
        first_byte=max(first for first, _, _ in came) - began,
        done=done - began,
        away=sum(away for _, away, _ in came),
        failed=sum(not right for _, _, right in came),
    )


if __name__ == "__main__":
    told = uvloop.run(crowd(int(sys.argv[1]), sys.argv[3], Path(sys.argv[2]).read_bytes()))
    print(json.dumps(told))
