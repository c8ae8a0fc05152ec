"""Work that would stall the event loop, done beside it.

A thread is enough for small documents. orjson holds the interpreter's lock while it parses, so a
packument of 21 MB would stop every other request for a tenth of a second from a thread too: large
ones go to a worker process, which also gives the memory back.
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
"""Bytes of input from which on the worker process is used: about 5 ms of parsing."""

IDLE = 30.0
"""Seconds without work after which the worker process ends: its memory is the system's again."""

log = logging.getLogger(__name__)


class Compute:
    """Runs pure functions away from the loop. Their arguments and results must pickle."""

    def __init__(self, *, threads: int = 2) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="compute")
        self._process: ProcessPoolExecutor | None = None
        self._running = 0
        self._retirement: asyncio.TimerHandle | None = None

    async def run(
        self, size: int, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The function's result; `size` is the bytes that it will chew on.

        Raises `Misbehaved` where the document brings the worker process down.
        """
        loop = asyncio.get_running_loop()
        if size < LARGE:
            return await loop.run_in_executor(self._threads, lambda: function(*args, **kwargs))
        if self._retirement is not None:
            self._retirement.cancel()
        if self._process is None:
            # A fork of this process would copy its threads' locks and its open sockets.
            context = multiprocessing.get_context("spawn")
            self._process = ProcessPoolExecutor(1, context, initializer=_begin)
        pool = self._process
        self._running += 1
        try:
            # wrap_future rather than run_in_executor: the latter takes no keyword arguments
            return await asyncio.wrap_future(pool.submit(function, *args, **kwargs))
        except BrokenProcessPool as error:
            log.exception("the worker process died over a document of %d bytes", size)
            if self._process is pool:
                self._process = None
                pool.shutdown(wait=False)
            raise Misbehaved(f"a document of {size} bytes could not be read") from error
        finally:
            self._running -= 1
            if not self._running:
                self._retirement = loop.call_later(IDLE, self._retire)

    def _retire(self) -> None:
        if self._process is not None and not self._running:
            self._process.shutdown(wait=False)
            self._process = None

    def close(self) -> None:
        """Stop both; what runs is waited for, what waits is dropped."""
        if self._retirement is not None:
            self._retirement.cancel()
        self._threads.shutdown(cancel_futures=True)
        if self._process is not None:
            self._process.shutdown(cancel_futures=True)


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
