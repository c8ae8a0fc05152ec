"""Request bodies: bounded, to disk where they are files, and gone unless they are kept."""

import asyncio
from pathlib import Path

import pytest
from multidict import CIMultiDict

from mirror.endpoints import bodies
from mirror.endpoints.bodies import Spool, chunks, whole
from mirror.errors import Exceeded, Invalid
from mirror.store.blobs import Blobs


class Transport:
    def __init__(self) -> None:
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data


class Request:
    """The little that reading a body takes. A piece that is None never comes."""

    def __init__(self, *pieces: bytes | None, length: int | None = None, **headers: str) -> None:
        self.content_length = length
        self.headers = CIMultiDict({k.replace("_", "-"): v for k, v in headers.items()})
        self.transport = Transport()
        self.content = self
        self._pieces = list(pieces)

    async def readany(self) -> bytes:
        piece = self._pieces.pop(0) if self._pieces else b""
        if piece is None:
            await asyncio.Event().wait()
        return piece


class Letters:
    """A receiver: upper-case letters are parts of their own name, the rest is the rest."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes):
        for byte in data:
            letter = bytes([byte])
            if letter.isupper():
                yield letter.decode(), letter * 10
            else:
                self._rest += letter

    def close(self) -> bytes:
        if b"!" in self._rest:
            raise Invalid("cut short")
        return self._rest


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    async def nothing(_: str) -> bool:
        return False

    return Blobs(tmp_path, nothing)


def stored(blobs: Blobs) -> list[bytes]:
    return sorted(path.read_bytes() for path in blobs.root.rglob("*") if path.is_file())


async def test_a_small_body() -> None:
    assert await whole(Request(b"ab", b"c", length=3), 3) == b"abc"
    assert await whole(Request(), 3) == b""


async def test_too_much_is_refused_before_it_is_read() -> None:
    request = Request(b"abcd", length=4)
    with pytest.raises(Exceeded, match="the request body has 4 bytes, the limit is 3 bytes"):
        await whole(request, 3)
    assert request._pieces == [b"abcd"]


async def test_too_much_without_a_word_about_it() -> None:
    with pytest.raises(Exceeded, match="is larger than the limit of 3 bytes"):
        await whole(Request(b"ab", b"cd", b"ef"), 3)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Expect": "100-Continue"}, b"HTTP/1.1 100 Continue\r\n\r\n"),
        ({"Expect": "cake"}, b""),
        ({}, b""),
    ],
)
async def test_clients_that_wait_to_be_asked(headers, expected) -> None:
    request = Request(b"a", **headers)
    assert [chunk async for chunk in chunks(request, 9)] == [b"a"]
    assert request.transport.written == expected


async def test_clients_that_stand_still(monkeypatch) -> None:
    monkeypatch.setattr(bodies, "IDLE", 0.02)
    with pytest.raises(ConnectionResetError, match="the upload stood still"):
        await whole(Request(b"a", None), 9)


async def test_files_to_disk_and_the_rest_in_memory(blobs) -> None:
    async with Spool(blobs) as spool:
        rest = await spool.receive(Request(b"xAy", b"BA"), Letters(), 99)
        assert rest == b"xy"
        parts = spool.parts()
        with parts["A"].open() as file:
            assert file.read() == b"A" * 20
        assert parts["B"].digests.size == 10
        assert spool.digests.keys() == {"A", "B"}
        await spool.keep()
    assert stored(blobs) == [b"A" * 20, b"B" * 10]


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (Request(b"AB"), None),
        (Request(b"AB!"), Invalid),
        (Request(b"AB", b"C" * 99), Exceeded),
        (Request(b"AB", Content_Encoding="gzip"), Invalid),
        (Request(b"AB", length=100), Exceeded),
    ],
)
async def test_what_is_not_kept_leaves_nothing(blobs, request_, error) -> None:
    async def receive() -> None:
        async with Spool(blobs) as spool:
            await spool.receive(request_, Letters(), 50)

    if error is None:
        await receive()
    else:
        with pytest.raises(error):
            await receive()
    assert stored(blobs) == []
