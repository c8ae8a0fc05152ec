"""One transfer per asset: followers, faults, landing."""

import asyncio
import hashlib
import os
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mirror.errors import MirrorError, Misbehaved, NotFound, Storage, Unavailable
from mirror.model import Digests, Promise
from mirror.store.blobs import Blobs
from mirror.upstream.client import Client
from mirror.upstream.connections import Connection
from mirror.upstream.flights import Flight, Flights, Order
from mirror.upstream.transfer import HELD_BACK
from tests.origin import (
    BrokenChunk,
    Drop,
    Flip,
    Gate,
    Origin,
    Page,
    Redirect,
    Short,
    Stall,
    Status,
    Truncate,
)

SMALL = b"small file" * 100
LARGE = os.urandom(700_001)


class Shelf:
    """Plays the index: lands claims as rows."""

    def __init__(self) -> None:
        self.rows: dict[Any, Digests] = {}
        self.rounds: list[frozenset[Any]] = []
        self.error: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.entered = asyncio.Event()

    async def land(self, digests: Digests, claims: frozenset[Any]) -> None:
        self.rounds.append(claims)
        self.entered.set()
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        self.rows.update(dict.fromkeys(claims, digests))

    async def in_use(self, sha256: str) -> bool:
        return any(each.sha256 == sha256 for each in self.rows.values())


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def blobs(tmp_path: Path, shelf: Shelf) -> Blobs:
    return Blobs(tmp_path, shelf.in_use)


@pytest.fixture
async def flights(client: Client, blobs: Blobs) -> AsyncIterator[Flights]:
    flights = Flights(client, blobs, linger=0.01)
    yield flights
    await flights.close(grace=0)


class Desk:
    """Places orders for what the origin serves, promising the digest of `body`."""

    def __init__(self, flights: Flights, connection: Connection, shelf: Shelf) -> None:
        self.flights = flights
        self.connection = connection
        self.shelf = shelf

    def order(self, body: bytes, *, promised: bool = True, **changes: Any) -> Order:
        promise = Promise(None, {"sha1": hashlib.sha1(body).hexdigest()} if promised else {})
        values: dict[str, Any] = {"promise": promise, "limit": 10**9, **changes}
        return Order(self.connection, self.connection.url / "a.tgz", land=self.shelf.land, **values)

    def join(self, body: bytes, claim: Any = "claim", **changes: Any) -> Flight:
        return self.flights.join("key", self.order(body, **changes), claim)


@pytest.fixture
def desk(flights: Flights, connection: Connection, shelf: Shelf) -> Desk:
    return Desk(flights, connection, shelf)


async def read(flight: Flight, taken: bytearray | None = None, pace: float = 0) -> bytes:
    """What a client would receive; `taken` keeps what came before a failure."""
    taken = bytearray() if taken is None else taken
    async with flight.follow() as follower:
        await follower.opening()
        while not (follower.finished and len(taken) == follower.total):
            upto = await follower.released(len(taken))
            while len(taken) < upto:
                count = min(65_536, upto - len(taken))
                taken += os.pread(follower.fileno(), count, len(taken))
                await asyncio.sleep(pace)
    return bytes(taken)


def stored(blobs: Blobs) -> list[str]:
    return sorted(path.name for path in blobs.root.rglob("*") if path.is_file())


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("body", [SMALL, LARGE, b"x", LARGE[:HELD_BACK], LARGE[: HELD_BACK + 1]])
@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("promised", [False, True])
async def test_everybody_gets_the_bytes_from_one_transfer(
    desk: Desk,
    origin: Origin,
    blobs: Blobs,
    shelf: Shelf,
    body: bytes,
    chunked: bool,
    promised: bool,
) -> None:
    origin.serve("/a.tgz", body, chunked=chunked)
    readers = [read(desk.join(body, n, promised=promised)) for n in range(20)]
    assert set(await asyncio.gather(*readers)) == {body}
    assert origin.transfers["/a.tgz"] == 1
    assert stored(blobs) == [sha256(body)]
    assert shelf.rows.keys() == set(range(20))
    assert not len(desk.flights)


async def test_files_are_asked_for_as_they_are(desk: Desk, origin: Origin) -> None:
    """Lessons #8: identity."""
    origin.serve("/a.tgz", SMALL, headers={"Content-Encoding": "gzip"})
    assert await read(desk.join(SMALL)) == SMALL
    assert origin.requests[0].headers["Accept-Encoding"] == "identity"


async def test_the_first_byte_does_not_wait_for_the_last(
    desk: Desk, origin: Origin, shelf: Shelf
) -> None:
    """Lessons #7."""
    gate = asyncio.Event()
    origin.serve("/a.tgz", LARGE)
    origin.fault("/a.tgz", Gate(20_000, gate))
    flight = desk.join(LARGE)
    async with flight.follow() as follower:
        assert await asyncio.wait_for(follower.opening(), 0.25) == len(LARGE)
        assert await follower.released(0) == 20_000
        assert not shelf.rounds
        gate.set()
        assert await read(flight) == LARGE


@pytest.mark.parametrize("chunked", [False, True])
async def test_the_last_piece_waits_for_the_rows(
    desk: Desk, origin: Origin, shelf: Shelf, chunked: bool
) -> None:
    """Lessons #4: nobody has a whole file that is not right, stored and landed."""
    origin.serve("/a.tgz", LARGE, chunked=chunked)
    shelf.gate.clear()
    flight = desk.join(LARGE)
    await shelf.entered.wait()
    assert 0 < flight.released <= len(LARGE) - HELD_BACK
    shelf.gate.set()
    assert await read(flight) == LARGE


async def test_a_request_between_the_last_byte_and_the_rows_joins(
    desk: Desk, origin: Origin, shelf: Shelf
) -> None:
    """Lessons #6b."""
    origin.serve("/a.tgz", SMALL)
    shelf.gate.clear()
    first = desk.join(SMALL, "first")
    await shelf.entered.wait()
    second = desk.join(SMALL, "second")
    assert second is first
    shelf.gate.set()
    assert await read(second) == SMALL
    assert shelf.rounds == [{"first"}, {"second"}]
    assert origin.transfers["/a.tgz"] == 1


async def test_after_landing_the_table_is_empty_before_anyone_is_done(
    desk: Desk, origin: Origin
) -> None:
    origin.serve("/a.tgz", SMALL)
    flight = desk.join(SMALL)
    async with flight.follow() as follower:
        await follower.released(0)
        assert not len(desk.flights)


async def test_slow_and_departed_readers_change_nothing(
    desk: Desk, origin: Origin, blobs: Blobs
) -> None:
    origin.serve("/a.tgz", LARGE)
    flight = desk.join(LARGE)
    slow = asyncio.create_task(read(flight, pace=0.02))
    gone = asyncio.create_task(read(flight))
    await asyncio.sleep(0)
    gone.cancel()
    assert await read(flight) == LARGE
    assert not slow.done()
    for path in blobs.root.rglob(sha256(LARGE)):
        path.unlink()  # even a collection does not hurt who follows
    assert await slow == LARGE


async def test_a_transfer_goes_on_without_readers(
    desk: Desk, origin: Origin, blobs: Blobs, shelf: Shelf
) -> None:
    origin.serve("/a.tgz", LARGE)
    task = asyncio.create_task(read(desk.join(LARGE)))
    await asyncio.sleep(0.005)
    task.cancel()
    await shelf.entered.wait()
    await desk.flights.close(grace=1)
    assert stored(blobs) == [sha256(LARGE)]


async def test_200_followers_of_a_large_file_take_little_memory(desk: Desk, origin: Origin) -> None:
    """Lessons #7: memory is bounded by the transfer, not by who waits."""
    body = bytes(20_000_000)
    origin.serve("/a.tgz", body)
    promise = desk.order(body)

    async def drain(flight: Flight) -> int:
        async with flight.follow() as follower:
            sent = 0
            while not (follower.finished and sent == follower.total):
                sent = await follower.released(sent)
            return sent

    tracemalloc.start()
    tasks = [drain(desk.flights.join("key", promise, n)) for n in range(200)]
    assert set(await asyncio.gather(*tasks)) == {len(body)}
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000
    assert origin.transfers["/a.tgz"] == 1


# -- faults

FATAL = [
    (Status(404), NotFound),
    (Status(410), NotFound),
    (Status(401), Unavailable),
    (Status(403), Unavailable),
    (Status(451), Unavailable),
    (Status(500), Unavailable),
    (Status(429, {"Retry-After": "60"}), Unavailable),
    (Status(204), Misbehaved),
    (Page(), Misbehaved),
    (Short(0), Misbehaved),
    (Flip(7), Misbehaved),
    (Short(500), Misbehaved),
    (Redirect("http://169.254.169.254/"), Misbehaved),
    (Drop(), Unavailable),
    (Stall(0), Unavailable),
]


@pytest.mark.parametrize(("fault", "error"), FATAL)
async def test_faults_of_a_small_file(
    desk: Desk, origin: Origin, blobs: Blobs, shelf: Shelf, fault: Any, error: type[MirrorError]
) -> None:
    """Lessons #4, #5, #14: all of the readers hear of it, nothing is kept, the next one succeeds."""
    origin.serve("/a.tgz", SMALL)
    origin.always("/a.tgz", fault)
    taken = bytearray()
    flight = desk.join(SMALL)
    results = await asyncio.gather(read(flight, taken), read(flight, taken), return_exceptions=True)
    assert [type(each) for each in results if isinstance(each, error)] == [type(results[0])] * 2
    if isinstance(fault, Status) and error is Unavailable:
        assert isinstance(results[0], Unavailable)
        assert results[0].status == fault.status
    assert not taken
    assert stored(blobs) == []
    assert not shelf.rows
    assert not len(desk.flights)
    if not (isinstance(fault, Status) and fault.status == 429):
        origin.always("/a.tgz", None)
        assert await read(desk.join(SMALL)) == SMALL


@pytest.mark.parametrize("fault", [Flip(7), Short(500)])
async def test_wrong_bytes_that_nobody_saw_are_fetched_once_more(
    desk: Desk, origin: Origin, fault: Any
) -> None:
    """npm.md §8: discard, refetch once uncached."""
    origin.serve("/a.tgz", SMALL)
    origin.fault("/a.tgz", fault)
    assert await read(desk.join(SMALL)) == SMALL
    assert [each.headers.get("Cache-Control") for each in origin.requests] == [None, "no-cache"]


@pytest.mark.parametrize("at", [0, len(LARGE) - 1])
@pytest.mark.parametrize("chunked", [False, True])
async def test_wrong_bytes_cut_the_readers_short(
    desk: Desk, origin: Origin, blobs: Blobs, at: int, chunked: bool
) -> None:
    """Lessons #5: bytes were out, so the connection must break before the end."""
    origin.serve("/a.tgz", LARGE, chunked=chunked)
    origin.fault("/a.tgz", Flip(at))
    taken = bytearray()
    with pytest.raises(Misbehaved, match="promised sha1"):
        await read(desk.join(LARGE), taken)
    assert len(taken) <= len(LARGE) - HELD_BACK
    assert stored(blobs) == []
    assert origin.transfers["/a.tgz"] == 1
    assert await read(desk.join(LARGE)) == LARGE


@pytest.mark.parametrize(
    "behaviour",
    [
        {"etag": '"1"'},
        {"headers": {"Last-Modified": "Thu, 01 Jan 1970 00:00:00 GMT"}},
        {"etag": 'W/"1"'},
        {"ranges": False},
        {"ranges": False, "etag": '"1"'},
    ],
)
@pytest.mark.parametrize("fault", [Truncate, BrokenChunk, Stall])
async def test_a_broken_transfer_is_resumed(
    desk: Desk, origin: Origin, fault: Any, behaviour: dict[str, Any]
) -> None:
    origin.serve("/a.tgz", LARGE, **behaviour)
    origin.fault("/a.tgz", fault(200_000), *([fault(500_000)] if fault is Truncate else []))
    assert await read(desk.join(LARGE)) == LARGE
    ranges = [each.headers.get("Range") for each in origin.requests]
    assert ranges[0] is None
    assert ranges[1] == ("bytes=200012-" if fault is BrokenChunk else "bytes=200000-")
    expected = {'"1"': '"1"', 'W/"1"': None}.get(
        behaviour.get("etag", ""), behaviour.get("headers", {}).get("Last-Modified")
    )
    assert origin.requests[1].headers.get("If-Range") == expected


async def test_a_file_that_changes_in_mid_transfer(
    desk: Desk, origin: Origin, blobs: Blobs
) -> None:
    origin.serve("/a.tgz", LARGE, etag='"1"')
    gate = asyncio.Event()
    origin.fault("/a.tgz", Truncate(200_000), Gate(0, gate))
    flight = desk.join(LARGE)
    async with flight.follow() as follower:
        await follower.opening()
        origin.serve("/a.tgz", LARGE[::-1], etag='"2"')
        gate.set()
        with pytest.raises(Misbehaved, match="changed"):
            await read(flight)
    assert stored(blobs) == []


async def test_a_transfer_that_can_not_be_resumed(desk: Desk, origin: Origin) -> None:
    """Without digest or validator, two halves might belong to different files."""
    origin.serve("/a.tgz", LARGE)
    origin.fault("/a.tgz", Truncate(300_000))
    with pytest.raises(Unavailable, match="broke off"):
        await read(desk.join(LARGE, promised=False))
    assert len(origin.requests) == 1


async def test_resumption_ends_without_progress(desk: Desk, origin: Origin) -> None:
    origin.serve("/a.tgz", LARGE)
    origin.always("/a.tgz", Truncate(300_000))
    with pytest.raises(Unavailable, match="broke off"):
        await read(desk.join(LARGE))
    assert len(origin.requests) == 3


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"limit": 100}, "limit of 100 bytes"),
        ({"promise": Promise(5)}, "should have 5 bytes"),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
async def test_sizes(
    desk: Desk, origin: Origin, blobs: Blobs, changes: dict[str, Any], words: str, chunked: bool
) -> None:
    origin.serve("/a.tgz", SMALL, chunked=chunked)
    with pytest.raises(Misbehaved, match=f"{words}|sent more than the 5 bytes"):
        await read(desk.join(SMALL, **changes))
    assert stored(blobs) == []


async def test_a_body_that_ends_before_the_promised_size(desk: Desk, origin: Origin) -> None:
    origin.serve("/a.tgz", SMALL, chunked=True)
    with pytest.raises(Misbehaved, match="ended after"):
        await read(desk.join(SMALL, promise=Promise(5000)))


@pytest.mark.parametrize("body", [SMALL, LARGE])
async def test_rows_that_can_not_be_written(
    desk: Desk, origin: Origin, blobs: Blobs, shelf: Shelf, body: bytes
) -> None:
    origin.serve("/a.tgz", body)
    shelf.error = Storage("the index is locked")
    taken = bytearray()
    with pytest.raises(Storage, match="locked"):
        await read(desk.join(body), taken)
    assert len(taken) <= max(0, len(body) - HELD_BACK)
    assert stored(blobs) == []
    shelf.error = None
    assert await read(desk.join(body)) == body


async def test_a_bug_while_landing_fails_the_flight(
    desk: Desk, origin: Origin, blobs: Blobs, shelf: Shelf
) -> None:
    origin.serve("/a.tgz", SMALL)
    shelf.error = ZeroDivisionError()
    with pytest.raises(Unavailable, match="see the log"):
        await read(desk.join(SMALL))
    assert stored(blobs) == []


async def test_a_failure_is_not_inherited(desk: Desk, origin: Origin) -> None:
    """Lessons #6: who asks after a failure gets a transfer of its own."""
    origin.serve("/a.tgz", SMALL)
    origin.fault("/a.tgz", Status(403))
    failed = desk.join(SMALL)
    with pytest.raises(Unavailable):
        await read(failed)
    again = desk.join(SMALL)
    assert again is not failed
    assert await read(again) == SMALL


async def test_close_waits_and_then_breaks_off(desk: Desk, origin: Origin, blobs: Blobs) -> None:
    origin.serve("/a.tgz", LARGE)
    gate = asyncio.Event()
    origin.fault("/a.tgz", Gate(400_000, gate))
    flight = desk.join(LARGE)
    reading = asyncio.create_task(read(flight))
    async with flight.follow() as follower:
        await follower.opening()
    await desk.flights.close(grace=0.01)
    with pytest.raises(Unavailable, match="broken off"):
        await reading
    assert stored(blobs) == []
    with pytest.raises(Unavailable, match="shutting down"):
        desk.join(LARGE)
    gate.set()
