"""Prepared answers: bounded by memory and by open files, the longest unused go first."""

from pathlib import Path

import pytest

from mirror.endpoints.entity import Entity
from mirror.endpoints.journal import Entry
from mirror.endpoints.shelf import OVERHEAD, REPEATED, REPEATS, Repeat, Shelf, Shelved
from mirror.model import Package
from mirror.telemetry.requests import Tally
from tests.endpoints.wire import File

STAMP = (0, 0)


def answer(identity: object = b"", gzip: object = None) -> Shelved:
    plain, packed = (
        None if body is None else Entity(content_type="x", body=body) for body in (identity, gzip)
    )
    assert plain is not None
    return Shelved(plain, packed, STAMP, 0.0)


@pytest.fixture
def file(tmp_path: Path) -> File:
    return File(tmp_path / "file", b"x" * 100_000)


def room(entries: int, body: int = 0) -> int:
    return entries * (OVERHEAD + body)


def held(shelf: Shelf) -> str:
    return "".join(map(str, shelf._entries))


def test_the_longest_unused_goes_first() -> None:
    shelf = Shelf(memory=room(3), files=10)
    for key in "abc":
        shelf.put(key, answer())
    assert shelf.get("a") is not None
    shelf.put("d", answer())
    assert held(shelf) == "cda"
    assert shelf.get("b") is None


def test_memory_is_bodies_and_overhead() -> None:
    shelf = Shelf(memory=room(2, 100), files=10)
    shelf.put("a", answer(b"x" * 60, b"x" * 40))
    shelf.put("b", answer(b"x" * 100))
    assert held(shelf) == "ab"
    shelf.put("c", answer(b"x"))
    assert held(shelf) == "bc"


def test_files_count_apart(file: File) -> None:
    shelf = Shelf(memory=room(10), files=3)
    shelf.put("a", answer(file))
    shelf.put("b", answer(file, file))
    assert held(shelf) == "ab"  # a file of 100 kB takes no memory
    shelf.put("c", answer(file))
    assert held(shelf) == "bc"


def test_a_newer_one_takes_the_place_of_the_older() -> None:
    shelf = Shelf(memory=room(2, 10), files=0)
    for _ in range(50):
        shelf.put("a", answer(b"x" * 10))
    shelf.put("b", answer(b"x" * 10))
    assert held(shelf) == "ab"
    assert len(shelf) == 2


def test_what_is_dropped_gives_its_room_back() -> None:
    shelf = Shelf(memory=room(1), files=0)
    shelf.put("a", answer())
    shelf.drop("a")
    shelf.drop("a")
    shelf.put("b", answer())
    assert held(shelf) == "b"
    assert shelf._memory_left == 0


def test_what_does_not_fit_at_all() -> None:
    shelf = Shelf(memory=room(1), files=0)
    shelf.put("a", answer(b"x"))
    assert len(shelf) == 0
    assert shelf._memory_left == room(1)


def repeat(entry: Shelved, head: bytes = b"") -> Repeat:
    return Repeat(
        entry=entry,
        package=Package("npm", "", "left-pad"),
        until=0.0,
        seen=0,
        head=head,
        body=b"",
        file=None,
        start=0,
        length=0,
        noted=Entry(b"", Tally(), 0),
    )


def asked(number: int) -> tuple[str, bytes]:
    return "10.0.0.1", b"GET /%d" % number


def test_a_request_is_remembered_for_as_long_as_its_answer() -> None:
    shelf = Shelf(memory=room(9), files=0)
    shelf.put("a", entry := answer())
    shelf.remember(asked(1), known := repeat(entry))
    assert shelf.again(asked(1)) is known
    assert shelf.again(("10.0.0.2", asked(1)[1])) is None
    shelf.put("a", answer())
    assert shelf.again(asked(1)) is None
    shelf.remember(asked(1), known)  # its entry is no longer there
    assert shelf.again(asked(1)) is None
    shelf.drop("a")
    assert shelf._memory_left == room(9)
    assert not shelf._repeats


def test_requests_cost_memory() -> None:
    shelf = Shelf(memory=room(3), files=0)
    shelf.put("a", answer())
    shelf.put("b", entry := answer())
    shelf.remember(asked(1), repeat(entry, b"x" * (OVERHEAD - REPEATED - len(asked(1)[1]))))
    assert (held(shelf), shelf._memory_left) == ("ab", 0)
    shelf.remember(asked(2), repeat(entry))
    assert held(shelf) == "b"
    shelf.drop("b")
    assert shelf._memory_left == room(3)


def test_using_a_remembered_request_is_using_its_entry() -> None:
    shelf = Shelf(memory=room(4), files=0)
    for key in "ab":
        shelf.put(key, entry := answer())
        shelf.remember(asked(ord(key)), repeat(entry))
    shelf.again(asked(ord("a")))
    shelf.put("c", answer())
    assert held(shelf) == "ca"


def test_a_stranger_who_never_asks_the_same_twice_pushes_out_only_himself() -> None:
    shelf = Shelf(memory=room(2) + (REPEATS + 1) * (REPEATED + 99), files=0)
    shelf.put("a", entry := answer())
    shelf.put("b", answer())
    for number in range(10 * REPEATS):
        shelf.remember(asked(number), repeat(entry))
    assert held(shelf) == "ab"
    assert len(shelf._repeats) == REPEATS
    assert shelf.again(asked(10 * REPEATS - 1)) is not None
    assert shelf.again(asked(0)) is None


def test_the_same_request_is_remembered_once() -> None:
    shelf = Shelf(memory=room(9), files=0)
    shelf.put("a", entry := answer())
    for _ in range(5):
        shelf.remember(asked(1), known := repeat(entry))
    assert shelf.again(asked(1)) is known
    shelf.drop("a")
    assert shelf._memory_left == room(9)
