"""Prepared answers: bounded by memory and by open files, the longest unused go first."""

from pathlib import Path

import pytest

from mirror.endpoints.entity import Entity
from mirror.endpoints.shelf import OVERHEAD, Shelf, Shelved
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
    assert held(shelf) == "cad"
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
