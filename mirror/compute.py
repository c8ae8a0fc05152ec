"""Work that would stall the event loop, done beside it.

A thread is enough for small documents. Parsing holds the interpreter's lock, so a packument of 21 MB
would stop every other request for a tenth of a second from a thread too: large ones go to worker
processes, which also give the memory back. So do middling ones when many come at once.
"""

import asyncio
import gc
import logging
import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import ParamSpec, TypeVar

from mirror.errors import Misbehaved

P = ParamSpec("P")
T = TypeVar("T")

LARGE = 1 << 20
"""Bytes of input from which on a worker process is used: some 40 ms for a page of PyPI's."""

MIDDLING = 128 << 10
"""Bytes from which on one is used that is there already, or that the threads have no time for."""

PROCESSES = min(4, os.cpu_count() or 1)
"""Worker processes at most; each takes 33 MB and what its document needs."""

IDLE = 30.0
"""Seconds without work after which a worker process ends: its memory is the system's again."""

log = logging.getLogger(__name__)


class Compute:
    """Runs pure functions away from the loop. Their arguments and results must pickle."""

    def __init__(self, *, threads: int = 2) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="compute")
        self._free_threads = threads
        self._turns = asyncio.Semaphore(PROCESSES)
        self._idle: list[_Worker] = []
        self._workers: set[_Worker] = set()

    async def run(
        self, size: int, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The function's result; `size` is the bytes that it will chew on.

        Raises `Misbehaved` where the document brings the worker process down.
        """
        if size < (MIDDLING if self._workers or self._free_threads <= 0 else LARGE):
            return await self._in_thread(function, *args, **kwargs)
        async with self._turns:
            # The last one that had work: those that are not needed any more end.
            worker = self._idle.pop() if self._idle else _Worker()
            self._workers.add(worker)
            try:
                return await worker.run(function, *args, **kwargs)
            except BrokenProcessPool as error:
                log.exception("the worker process died over a document of %d bytes", size)
                self._end(worker)
                raise Misbehaved(f"a document of {size} bytes could not be read") from error
            except asyncio.CancelledError:
                self._end(worker)  # it is still at it
                raise
            finally:
                if worker in self._workers:
                    self._rest(worker)

    async def _in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        self._free_threads -= 1
        try:
            return await loop.run_in_executor(self._threads, lambda: function(*args, **kwargs))
        finally:
            self._free_threads += 1

    def _rest(self, worker: "_Worker") -> None:
        self._idle.append(worker)
        worker.until = asyncio.get_running_loop().call_later(IDLE, self._end, worker)

    def _end(self, worker: "_Worker") -> None:
        self._workers.discard(worker)
        if worker in self._idle:
            self._idle.remove(worker)
        worker.end()

    def close(self) -> None:
        """Stop all of it; what runs is waited for, what waits is dropped."""
        self._threads.shutdown(cancel_futures=True)
        for worker in self._workers:
            worker.end(wait=True)


class _Worker:
    """A process for one document at a time: if one brings it down, no other goes with it."""

    def __init__(self) -> None:
        # A fork of this process would copy its threads' locks and its open sockets.
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(1, context, initializer=_begin)
        self.until: asyncio.TimerHandle | None = None

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self.until is not None:
            self.until.cancel()
        # wrap_future rather than run_in_executor: the latter takes no keyword arguments
        return await asyncio.wrap_future(self._pool.submit(function, *args, **kwargs))

    def end(self, *, wait: bool = False) -> None:
        if self.until is not None:
            self.until.cancel()
        self._pool.shutdown(wait=wait, cancel_futures=True)


def _begin() -> None:
    """In the worker process, before its first work."""
    # Large documents are hundreds of thousands of objects, none of them garbage in circles.
    gc.set_threshold(1_000_000, 10, 10)
    _end_with_parent()


def _end_with_parent() -> None:
    """Leave when the server is killed: the process would wait for work for ever, as it holds the
    other end of its own queue, and keep what it inherited open.
    """
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()
