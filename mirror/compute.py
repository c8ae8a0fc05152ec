"""Work that would stall the event loop, done beside it.

A thread is enough for small documents. orjson holds the interpreter's lock while it parses, so a
packument of 21 MB would stop every other request for a tenth of a second from a thread too: large
ones go to a worker process, which also gives the memory back.
"""

import asyncio
import logging
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import ParamSpec, TypeVar

from mirror.errors import Misbehaved

P = ParamSpec("P")
T = TypeVar("T")

LARGE = 1 << 20
"""Bytes of input from which on the worker process is used: about 5 ms of parsing."""

TASKS_PER_PROCESS = 32
"""Large documents before the worker process is replaced, so that its memory does not creep up."""

log = logging.getLogger(__name__)


class Compute:
    """Runs pure functions away from the loop. Their arguments and results must pickle."""

    def __init__(self, *, threads: int = 2) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="compute")
        self._process: ProcessPoolExecutor | None = None

    async def run(
        self, size: int, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The function's result; `size` is the bytes that it will chew on.

        Raises `Misbehaved` where the document brings the worker process down.
        """
        loop = asyncio.get_running_loop()
        if size < LARGE:
            return await loop.run_in_executor(self._threads, lambda: function(*args, **kwargs))
        if self._process is None:
            self._process = ProcessPoolExecutor(
                1,
                # A fork of this process would copy its threads' locks and its open sockets.
                mp_context=multiprocessing.get_context("spawn"),
                max_tasks_per_child=TASKS_PER_PROCESS,
            )
        pool = self._process
        try:
            # wrap_future rather than run_in_executor: the latter takes no keyword arguments
            return await asyncio.wrap_future(pool.submit(function, *args, **kwargs))
        except BrokenProcessPool as error:
            log.exception("the worker process died over a document of %d bytes", size)
            if self._process is pool:
                self._process = None
                pool.shutdown(wait=False)
            raise Misbehaved(f"a document of {size} bytes could not be read") from error

    def close(self) -> None:
        """Stop both; what runs is waited for, what waits is dropped."""
        self._threads.shutdown(cancel_futures=True)
        if self._process is not None:
            self._process.shutdown(cancel_futures=True)
