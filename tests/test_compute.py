"""Work beside the event loop: small in threads, large in a process of its own."""

import asyncio
import os
import sys
import threading
import time

import pytest

from mirror import compute
from mirror.compute import LARGE, MIDDLING, PROCESSES, Compute
from mirror.errors import Misbehaved, NotFound


@pytest.fixture
def worker():
    made = Compute()
    yield made
    made.close()


def place() -> tuple[int, str]:
    return os.getpid(), threading.current_thread().name


def named(first: int, *, second: int) -> int:
    return first + second


def missing() -> None:
    raise NotFound("version", "1.0.0", "not that one")


def die() -> None:
    os._exit(3)


async def test_small_work_stays_here_and_large_work_does_not(worker: Compute) -> None:
    pid, thread = await worker.run(LARGE - 1, place)
    assert pid == os.getpid()
    assert thread.startswith("compute")
    pid, _ = await worker.run(LARGE, place)
    assert pid != os.getpid()
    assert await worker.run(LARGE, named, 1, second=2) == 3
    with pytest.raises(NotFound, match="not that one") as caught:
        await worker.run(LARGE, missing)
    assert (caught.value.kind, caught.value.name) == ("version", "1.0.0")


async def test_a_document_that_kills_the_process_takes_nothing_else_along(worker, caplog) -> None:
    with pytest.raises(Misbehaved, match=f"a document of {LARGE} bytes could not be read"):
        await worker.run(LARGE, die)
    assert "the worker process died" in caplog.text
    assert await worker.run(LARGE, named, 1, second=2) == 3


async def test_no_other_document_dies_with_it(worker: Compute) -> None:
    results = await asyncio.gather(
        worker.run(LARGE, die),
        *(worker.run(LARGE, named, 1, second=second) for second in range(20)),
        return_exceptions=True,
    )
    assert isinstance(results[0], Misbehaved)
    assert results[1:] == list(range(1, 21))


async def test_middling_work_goes_where_it_holds_up_nobody(worker: Compute) -> None:
    alone = await worker.run(MIDDLING, place)
    crowd = await asyncio.gather(*(worker.run(MIDDLING, place) for _ in range(9)))
    after = await worker.run(MIDDLING, place)
    small = await worker.run(MIDDLING - 1, place)
    assert [pid == os.getpid() for pid, _ in (alone, after, small)] == [True, False, True]
    here = [pid for pid, _ in crowd if pid == os.getpid()]
    assert len(here) == 2
    assert len({pid for pid, _ in crowd} - {os.getpid()}) <= PROCESSES


async def test_who_gives_up_leaves_no_process_that_works_for_nobody(worker: Compute) -> None:
    before, _ = await worker.run(LARGE, place)
    task = asyncio.create_task(worker.run(LARGE, time.sleep, 0.5))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    after, _ = await worker.run(LARGE, place)
    assert after != before


async def test_an_idle_process_is_given_back(worker: Compute, monkeypatch) -> None:
    monkeypatch.setattr(compute, "IDLE", 0.05)
    first, _ = await worker.run(LARGE, place)
    await asyncio.sleep(0.15)
    second, _ = await worker.run(LARGE, place)
    assert first != second


KILLED = """
import asyncio, os, signal
from mirror.compute import LARGE, Compute

async def main():
    print(await Compute().run(LARGE, len, b"large"), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def test_the_process_ends_with_a_killed_server() -> None:
    """Else it keeps its memory, and the server's standard output open, for ever."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(20):
        printed, _ = await process.communicate()  # it ends when nobody holds the pipe any more
    assert (printed, process.returncode) == (b"5\n", -9)
