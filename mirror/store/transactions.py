"""The one connection that writes, and what a write may do with it.

It has a thread of its own, in which a whole group of writes runs to its end: a hop for each of their
statements would cost more than the statements. So a write is a coroutine that waits for nothing but
those; the questions that it asks may also be asked outside of writes, where they do wait.
"""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, ParamSpec, TypeVar

from mirror.model import Package
from mirror.store.migrations import migrate

T = TypeVar("T")
P = ParamSpec("P")
Parameters = Sequence[Any]
Run = Callable[[str, Parameters], Awaitable[list[sqlite3.Row]]]
"""`Transaction.run` or `Database.read`, where a question is asked inside of writes and outside."""

BUSY_SECONDS = 10.0  # how long the command line and the server wait for one another

PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # what is acknowledged survives the power cut
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
)


class Transaction:
    """What a write may do: statements in order, and naming what they touch."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.touched: set[Package] = set()
        self.touched_everything = False

    async def run(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """Execute one statement; the rows of a SELECT or RETURNING."""
        return self._connection.execute(sql, parameters).fetchall()

    async def run_many(self, sql: str, rows: Iterable[Parameters]) -> None:
        """Execute one statement for each row."""
        self._connection.executemany(sql, rows)

    def touch(self, package: Package) -> None:
        """Name a package whose prepared answers expire with this commit."""
        self.touched.add(package)

    def touch_everything(self) -> None:
        """Say that every prepared answer expires with this commit."""
        self.touched_everything = True


Work = Callable[[Transaction], Coroutine[Any, Any, T]]


class Outcome(NamedTuple):
    """What a write returned, or the error that undid it and nothing else."""

    result: Any
    failure: Exception | None


class Writer:
    """Commits groups of writes, one after the other. All of it raises `sqlite3.Error`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="index-writer")
        self._connection: sqlite3.Connection

    async def open(self) -> None:
        """Connect, and bring the file up to date; raises `Storage` for a newer one."""
        await self._do(self._open)

    async def close(self) -> None:
        """Let the thread end; to be called once, also after a failed `open`."""
        await self._do(self._close)
        self._thread.shutdown()

    async def commit(self, works: Sequence[Work[Any]]) -> tuple[list[Outcome], Transaction]:
        """Run all of them in one transaction, each in a savepoint; returns when it is on disk.

        A write that fails undoes itself; where the disk or the file refuses, the group fails as
        one.
        """
        return await self._do(self._commit, works)

    async def read(self, sql: str) -> list[sqlite3.Row]:
        """Rows as this very connection sees them."""
        return await self._do(lambda: self._connection.execute(sql).fetchall())

    async def _do(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: function(*args, **kwargs))

    # -- in the thread

    def _open(self) -> None:
        self._connection = sqlite3.connect(self._path, isolation_level=None, timeout=BUSY_SECONDS)
        self._connection.row_factory = sqlite3.Row
        self._configure()
        migrate(self._connection)

    def _configure(self) -> None:
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                for pragma in PRAGMAS:
                    self._connection.execute(pragma)
            except sqlite3.OperationalError as error:
                # A new file is turned to WAL without waiting for others who do so: SQLite does not
                # ask its busy handler there.
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                return

    def _close(self) -> None:
        with suppress(AttributeError):  # it was never opened
            self._connection.close()

    def _commit(self, works: Sequence[Work[Any]]) -> tuple[list[Outcome], Transaction]:
        transaction = Transaction(self._connection)
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            outcomes = [self._attempt(work, transaction) for work in works]
            self._connection.execute("COMMIT")
        except sqlite3.Error:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise
        return outcomes, transaction

    def _attempt(self, work: Work[Any], transaction: Transaction) -> Outcome:
        self._connection.execute("SAVEPOINT job")
        try:
            outcome = Outcome(_finished(work(transaction)), None)
        except sqlite3.OperationalError:
            raise  # the disk or the file, not this write
        except Exception as error:  # noqa: BLE001 - it belongs to the caller, who gets it
            self._connection.execute("ROLLBACK TO job")
            outcome = Outcome(None, error)
        self._connection.execute("RELEASE job")
        return outcome


def _finished(coroutine: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns that has nothing to wait for."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    coroutine.close()
    raise RuntimeError("a write may wait for nothing but its own statements")
