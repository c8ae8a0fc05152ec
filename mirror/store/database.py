"""SQLite with one writer and several readers.

Readers never wait for the writer (WAL). Writes are functions: they queue, and the writer runs all
that wait inside one transaction, each in a savepoint of its own, so that a hundred concurrent
publishes cost one fsync, and one that fails undoes only itself. `write` returns after the commit
is on disk.
"""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite

from mirror.errors import Storage
from mirror.model import Package
from mirror.store.changes import Changes

T = TypeVar("T")
Parameters = Sequence[Any]
Run = Callable[[str, Parameters], Awaitable[list[sqlite3.Row]]]
"""`Transaction.run` or `Database.read`, where a question is asked inside of writes and outside."""

READERS = 4
GROUP = 128  # writes a commit at most, so that the first of a burst does not wait for the last
BUSY_SECONDS = 10.0  # how long the command line and the server wait for one another
POLL_SECONDS = 0.5  # how soon the server notices what the command line wrote

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # what is acknowledged survives the power cut
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
)

log = logging.getLogger(__name__)


class Transaction:
    """What a write may do: statements in order, and naming what they touch."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self.touched: set[Package] = set()
        self.touched_everything = False

    async def run(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """Execute one statement; the rows of a SELECT or RETURNING."""
        return list(await self._connection.execute_fetchall(sql, parameters))

    async def run_many(self, sql: str, rows: Iterable[Parameters]) -> None:
        """Execute one statement for each row."""
        async with self._connection.executemany(sql, rows):
            pass

    def touch(self, package: Package) -> None:
        """Name a package whose prepared answers expire with this commit."""
        self.touched.add(package)

    def touch_everything(self) -> None:
        """Say that every prepared answer expires with this commit."""
        self.touched_everything = True


@dataclass(slots=True)
class _Job:
    work: Callable[[Transaction], Awaitable[Any]]
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
        self._writer: aiosqlite.Connection
        self.on_commit: Callable[[int], None] = lambda _: None
        """Hears how many writes shared each commit."""

    @property
    def queued(self) -> int:
        """Writes that wait."""
        return self._jobs.qsize()

    async def __aenter__(self) -> "Database":
        try:
            self._writer = await self._connect()
            await migrate(self._writer)
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

    async def write(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
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
        for pragma in _PRAGMAS:
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
        transaction = Transaction(self._writer)
        try:
            await transaction.run("BEGIN IMMEDIATE")
            outcomes = [await self._attempt(job, transaction) for job in group]
            await transaction.run("COMMIT")
        except sqlite3.Error as error:
            with suppress(sqlite3.Error):
                await transaction.run("ROLLBACK")
            refused = translated(error, self._path)
            log.error("the index refused a commit of %d writes: %s", len(group), refused)  # noqa: TRY400 - the sentence says it; a trace would add nothing
            for job in group:
                if not job.done.done():
                    job.done.set_exception(refused)
                    job.done.exception()  # read here: its caller may have gone away
            return
        self.on_commit(len(group))
        if transaction.touched_everything:
            self._changes.touch_everything()
        for package in transaction.touched:
            self._changes.touch(package)
        for job, result, failure in outcomes:
            if job.done.done():
                continue
            if failure is None:
                job.done.set_result(result)
            else:
                job.done.set_exception(failure)
                job.done.exception()

    async def _attempt(
        self, job: _Job, transaction: Transaction
    ) -> tuple[_Job, Any, BaseException | None]:
        await transaction.run("SAVEPOINT job")
        try:
            result = await job.work(transaction)
        except sqlite3.OperationalError:
            raise  # the disk or the file, not this job: the group fails as one
        except Exception as error:  # noqa: BLE001 - it belongs to the job's caller, who gets it
            await transaction.run("ROLLBACK TO job")
            await transaction.run("RELEASE job")
            return job, None, error
        await transaction.run("RELEASE job")
        return job, result, None

    async def _watch_others(self) -> None:
        """Notice commits of other processes: SQLite's data_version changes only for those."""
        known = None
        while True:
            with suppress(sqlite3.Error):  # a locked or failing disk: ask again, for ever
                # Asked on the writer: a reader would see our own commits as somebody else's.
                rows = list(await self._writer.execute_fetchall("PRAGMA data_version"))
                if known is not None and rows[0][0] != known:
                    self._changes.touch_everything()
                known = rows[0][0]
            await asyncio.sleep(POLL_SECONDS)


async def migrate(connection: aiosqlite.Connection) -> None:
    """Apply the numbered scripts that the file has not seen, each inside its own transaction.

    Raises `Storage` for a file that a newer version of the mirror has written.
    """
    scripts = sorted(
        (
            entry
            for entry in resources.files("mirror.store").joinpath("schema").iterdir()
            if entry.name.endswith(".sql")
        ),
        key=lambda entry: entry.name,
    )
    applied = await _version(connection)
    if applied > len(scripts):
        raise Storage(
            f"the index is of schema {applied}, this mirror knows {len(scripts)}: "
            "run the version that wrote it, or a newer one"
        )
    for number, script in enumerate(scripts[applied:], start=applied + 1):
        log.info("migrating the index to %s", script.name)
        try:
            await connection.executescript(
                f"BEGIN EXCLUSIVE;\n{script.read_text()}\nPRAGMA user_version = {number};\nCOMMIT;"
            )
        except sqlite3.OperationalError:
            with suppress(sqlite3.Error):
                await connection.execute_fetchall("ROLLBACK")
            if await _version(connection) < number:
                raise
            # Another process was opened at the same time and was faster with this one.


async def _version(connection: aiosqlite.Connection) -> int:
    rows = list(await connection.execute_fetchall("PRAGMA user_version"))
    found: int = rows[0][0]
    return found


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
