"""SQLite with one writer and several readers.

Readers never wait for the writer (WAL). Writes are functions: they queue, and the writer runs all
that wait inside one transaction, each in a savepoint of its own, so that a hundred concurrent
publishes cost one fsync, and one that fails undoes only itself. `write` returns after the commit
is on disk.
"""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite

from mirror.errors import Storage
from mirror.store.changes import Changes
from mirror.store.transactions import (
    BUSY_SECONDS,
    PRAGMAS,
    Parameters,
    Work,
    Writer,
)

T = TypeVar("T")

READERS = 4
GROUP = 128  # writes a commit at most, so that the first of a burst does not wait for the last
POLL_SECONDS = 0.5  # how soon the server notices what the command line wrote

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Job:
    work: Work[Any]
    done: asyncio.Future[Any] = field(repr=False)


class Database:
    """The index. Open it with `async with`; close waits for queued writes."""

    def __init__(self, path: Path, changes: Changes, *, watch: bool = False) -> None:
        self._path = path
        self._changes = changes
        self._watch = watch
        self._jobs: asyncio.Queue[_Job | None] = asyncio.Queue()
        self._idle: asyncio.LifoQueue[aiosqlite.Connection] = asyncio.LifoQueue()
        self._stack = AsyncExitStack()
        self._writer = Writer(path)
        self.on_commit: Callable[[int], None] = lambda _: None
        """Hears how many writes shared each commit."""

    @property
    def queued(self) -> int:
        """Writes that wait."""
        return self._jobs.qsize()

    async def __aenter__(self) -> "Database":
        try:
            self._stack.push_async_callback(self._writer.close)
            await self._writer.open()
            for _ in range(READERS):
                self._idle.put_nowait(await self._connect())
        except BaseException as error:
            await self._stack.aclose()
            if isinstance(error, sqlite3.Error):
                raise translated(error, self._path) from error
            raise
        tasks = [asyncio.create_task(self._commit_groups(), name="index-writer")]
        self._stack.push_async_callback(self._drain, tasks[0])
        if self._watch:
            watcher = asyncio.create_task(self._watch_others(), name="index-watcher")
            self._stack.callback(watcher.cancel)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def read(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """Rows of one SELECT, from a snapshot that includes every acknowledged write."""
        async with self._reader() as connection:
            try:
                return list(await connection.execute_fetchall(sql, parameters))
            except sqlite3.Error as error:
                raise translated(error, self._path) from error

    async def write(self, work: Work[T]) -> T:
        """Run `work` in a transaction and return its result once that is durable.

        What `work` raises undoes it and reaches the caller. Raises `Storage` where the disk or
        the file refuses. A caller that is cancelled meanwhile does not undo the write, and is
        let go only after it: who then cleans up must find the rows that its blobs belong to.
        """
        job = _Job(work, asyncio.get_running_loop().create_future())
        self._jobs.put_nowait(job)
        try:
            result: T = await asyncio.shield(job.done)
        except asyncio.CancelledError:
            await asyncio.wait([job.done])
            raise
        return result

    @asynccontextmanager
    async def _reader(self) -> AsyncIterator[aiosqlite.Connection]:
        connection = await self._idle.get()
        try:
            yield connection
        finally:
            self._idle.put_nowait(connection)

    async def _connect(self) -> aiosqlite.Connection:
        connection = await self._stack.enter_async_context(
            aiosqlite.connect(self._path, isolation_level=None, timeout=BUSY_SECONDS)
        )
        connection.row_factory = sqlite3.Row
        for pragma in PRAGMAS:
            await connection.execute_fetchall(pragma)
        return connection

    async def _drain(self, writer: asyncio.Task[None]) -> None:
        self._jobs.put_nowait(None)
        await writer

    async def _commit_groups(self) -> None:
        while (job := await self._jobs.get()) is not None:
            group = [job]
            while len(group) < GROUP and not self._jobs.empty():
                following = self._jobs.get_nowait()
                if following is None:
                    self._jobs.put_nowait(None)
                    break
                group.append(following)
            await self._commit(group)

    async def _commit(self, group: list[_Job]) -> None:
        try:
            outcomes, transaction = await self._writer.commit([job.work for job in group])
        except sqlite3.Error as error:
            refused = translated(error, self._path)
            log.error("the index refused a commit of %d writes: %s", len(group), refused)  # noqa: TRY400 - the sentence says it; a trace would add nothing
            for job in group:
                _fail(job, refused)
            return
        self.on_commit(len(group))
        if transaction.touched_everything:
            self._changes.touch_everything()
        for package in transaction.touched:
            self._changes.touch(package)
        for job, (result, failure) in zip(group, outcomes, strict=True):
            if failure is not None:
                _fail(job, failure)
            elif not job.done.done():
                job.done.set_result(result)

    async def _watch_others(self) -> None:
        """Notice commits of other processes: SQLite's data_version changes only for those."""
        known = None
        while True:
            with suppress(sqlite3.Error):  # a locked or failing disk: ask again, for ever
                # Asked on the writer: a reader would see our own commits as somebody else's.
                rows = await self._writer.read("PRAGMA data_version")
                if known is not None and rows[0][0] != known:
                    self._changes.touch_everything()
                known = rows[0][0]
            await asyncio.sleep(POLL_SECONDS)


def _fail(job: _Job, error: Exception) -> None:
    if not job.done.done():
        job.done.set_exception(error)
        job.done.exception()  # read here: its caller may have gone away


def translated(error: sqlite3.Error, path: Path) -> Storage:
    """SQLite's complaint in our words: what to do, and whether the disk is full."""
    text = str(error)
    if "full" in text:
        return Storage(
            f"no space left for the index {path}: free some, nothing was lost", full=True
        )
    if "readonly" in text or "unable to open" in text:
        return Storage(f"cannot write the index {path}: check the owner and mode of its folder")
    if "locked" in text or "busy" in text:
        return Storage(f"the index {path} is locked by another process: try again")
    return Storage(f"the index {path} failed: {text}")
