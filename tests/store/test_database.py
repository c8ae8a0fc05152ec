"""The index: what is acknowledged stays, what fails undoes only itself."""

import asyncio
import gc
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mirror.errors import Conflict, Storage
from mirror.model import Package
from mirror.store.database import GROUP, Database, translated
from mirror.store.migrations import migrate
from mirror.store.transactions import Transaction
from tests.store.rows import PACKAGE, changes_of, opened

INSERT = "INSERT INTO resource_tag (resource, key, value) VALUES (?, ?, ?)"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "index.sqlite3"


def adding(key: object, value: object = ""):
    async def work(transaction):
        await transaction.run(INSERT, ("arn", key, value))
        return key

    return work


async def keys(database: Database) -> list[str]:
    return [row["key"] for row in await database.read("SELECT key FROM resource_tag ORDER BY key")]


async def no_more_threads_than(before: list[threading.Thread]) -> None:
    """A thread left behind would keep the process alive."""
    async with asyncio.timeout(2):
        while set(threading.enumerate()) - set(before):
            await asyncio.sleep(0.01)


async def test_concurrent_writes_share_commits_and_each_gets_its_own_result(path: Path) -> None:
    groups: list[int] = []
    async with opened(path) as database:
        database.on_commit = groups.append
        many = GROUP + 20
        results = await asyncio.gather(*(database.write(adding(n)) for n in range(many)))
        assert results == list(range(many))
        assert len(await keys(database)) == many
    assert groups == [GROUP, 20]


async def test_a_failing_write_undoes_only_itself(path: Path) -> None:
    async def failing(transaction):
        await transaction.run(INSERT, ("arn", "half", ""))
        raise Conflict("no")

    async def twice(transaction):
        await transaction.run(INSERT, ("arn", "twin", ""))
        await transaction.run(INSERT, ("arn", "twin", ""))

    async with opened(path) as database:
        outcomes = await asyncio.gather(
            *(
                database.write(work)
                for work in (adding("a"), failing, adding("b"), twice, adding("c"))
            ),
            return_exceptions=True,
        )
        assert [type(each) for each in outcomes] == [
            str,
            Conflict,
            str,
            sqlite3.IntegrityError,
            str,
        ]
        assert await keys(database) == ["a", "b", "c"]


async def test_every_reader_sees_what_was_acknowledged(path: Path) -> None:
    async with opened(path) as database:
        for number in range(20):
            await database.write(adding(number))
            counts = await asyncio.gather(
                *(database.read("SELECT count(*) FROM resource_tag") for _ in range(8))
            )
            assert {rows[0][0] for rows in counts} == {number + 1}


async def test_what_was_touched_ages_after_the_commit(path: Path) -> None:
    other = Package("npm", "", "other")
    async with opened(path) as database:
        changes = changes_of(database)
        seen = []

        async def work(transaction):
            transaction.touch(PACKAGE)
            await transaction.run(INSERT, ("arn", "a", ""))
            seen.append(changes.stamp(PACKAGE))

        before, untouched = changes.stamp(PACKAGE), changes.stamp(other)
        await database.write(work)
        assert seen == [before]
        assert changes.stamp(PACKAGE) != before
        assert changes.stamp(other) == untouched

        async def everything(transaction):
            transaction.touch_everything()

        await database.write(everything)
        assert changes.stamp(other) != untouched


async def test_a_cancelled_caller_is_let_go_only_after_its_write(path: Path) -> None:
    """Else it would remove the blobs of rows that are about to be committed."""
    started, release = threading.Event(), threading.Event()

    async with opened(path) as database:

        async def slow(transaction):
            started.set()
            release.wait(5)  # in the thread of the one who writes
            await transaction.run(INSERT, ("arn", "slow", ""))

        first = asyncio.create_task(database.write(slow))
        await asyncio.to_thread(started.wait, 5)
        queued = asyncio.create_task(database.write(adding("queued")))
        await asyncio.sleep(0)
        assert database.queued == 1
        first.cancel()
        queued.cancel()
        await asyncio.sleep(0.05)
        assert not first.done()
        assert not queued.done()
        release.set()
        await asyncio.wait([first, queued])
        assert first.cancelled()
        assert queued.cancelled()
        assert await keys(database) == ["queued", "slow"]


async def test_closing_finishes_what_was_queued(path: Path) -> None:
    async with opened(path) as database:
        writing = [asyncio.create_task(database.write(adding(n))) for n in range(GROUP * 2)]
        await asyncio.sleep(0)
    assert all(each.done() and each.exception() is None for each in writing)
    async with opened(path) as database:
        assert len(await keys(database)) == GROUP * 2


async def test_nothing_is_left_open(path: Path) -> None:
    """Warnings are errors here: a ResourceWarning would fail the test."""
    before = threading.enumerate()
    async with opened(path, watch=True) as database:
        await database.write(adding("a"))
    gc.collect()
    await no_more_threads_than(before)
    assert [each.name for each in path.parent.iterdir()] == [path.name]  # no -wal, no -shm


async def test_another_process_is_noticed(path: Path) -> None:
    """The command line writes beside a running server."""
    async with opened(path, watch=True) as database:
        changes = changes_of(database)
        await database.write(adding("ours"))
        await asyncio.sleep(0.1)
        before = changes.everything
        await database.write(adding("ours too"))
        await asyncio.sleep(0.6)
        assert changes.everything == before  # our own commits name what they touched
        script = (
            "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]);"
            "c.execute(\"INSERT INTO resource_tag VALUES ('arn', 'theirs', '')\"); c.commit()"
        )
        await asyncio.to_thread(subprocess.run, [sys.executable, "-c", script, path], check=True)
        async with asyncio.timeout(1):
            while changes.everything == before:
                await asyncio.sleep(0.01)
        assert "theirs" in await keys(database)


async def test_a_full_disk_is_told_and_the_next_writes_work(path: Path) -> None:
    async with opened(path) as database:
        pages = (await database.read("PRAGMA page_count"))[0][0]
        await database._writer.read(f"PRAGMA max_page_count = {pages}")
        outcomes = await asyncio.gather(
            database.write(adding("small")),
            database.write(adding("large", "x" * 100_000)),
            return_exceptions=True,
        )
        assert [type(each) for each in outcomes] == [Storage, Storage]
        assert all(each.full for each in outcomes)
        assert (
            str(outcomes[0]) == f"no space left for the index {path}: free some, nothing was lost"
        )
        assert await keys(database) == []
        assert await database.write(adding("little")) == "little"
        await database._writer.read(f"PRAGMA max_page_count = {pages + 1000}")
        await database.write(adding("large", "x" * 100_000))
        assert await keys(database) == ["large", "little"]


async def test_a_mistake_in_reading_is_ours(path: Path) -> None:
    async with opened(path) as database:
        with pytest.raises(Storage, match="no such table: gone"):
            await database.read("SELECT * FROM gone")
        assert await keys(database) == []


@pytest.mark.parametrize(
    ("text", "full", "said"),
    [
        ("database or disk is full", True, "no space left for the index i: free some"),
        (
            "attempt to write a readonly database",
            False,
            "cannot write the index i: check the owner",
        ),
        ("unable to open database file", False, "cannot write the index i: check the owner"),
        ("database is locked", False, "the index i is locked by another process: try again"),
        ("disk I/O error", False, "the index i failed: disk I/O error"),
    ],
)
def test_complaints_in_our_words(text: str, full: bool, said: str) -> None:
    error = translated(sqlite3.OperationalError(text), Path("i"))
    assert str(error).startswith(said)
    assert error.full is full


# ---------------------------------------------------------------- migrations


def applied(path: Path) -> tuple[int, int]:
    """(schema version, number of tables) of a file."""
    connection = sqlite3.connect(path)
    try:
        (number,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    finally:
        connection.close()
    return number, tables


async def test_a_fresh_file_and_a_second_start(path: Path) -> None:
    async with opened(path) as database:
        await database.write(adding("kept"))
    first = applied(path)
    async with opened(path) as database:
        assert await keys(database) == ["kept"]
    assert applied(path) == first
    assert first[0] >= 1


async def test_the_settings_that_durability_needs(path: Path) -> None:
    """lessons #23; an acknowledged publish survives the power cut."""
    async with opened(path) as database:
        readers = [each.execute_fetchall for each in database._idle._queue]
        for ask in (database._writer.read, *readers):
            found = [
                next(iter(await ask(f"PRAGMA {name}")))[0]
                for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            ]
            assert found == ["wal", 2, 1, 10_000]


async def test_a_newer_schema_is_refused_with_a_sentence(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = threading.enumerate()
    with pytest.raises(Storage) as caught:
        async with opened(path):
            pass
    assert str(caught.value).startswith("the index is of schema 99, this mirror knows ")
    await no_more_threads_than(before)


async def test_a_file_that_is_no_index(path: Path) -> None:
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(Storage, match="file is not a database"):
        async with opened(path):
            pass


async def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Storage, match="cannot write the index"):
        async with opened(tmp_path / "missing" / "index.sqlite3"):
            pass
    await asyncio.sleep(0.05)  # aiosqlite's thread of a connection that failed ends by itself


def test_killed_in_the_middle_of_a_migration(path: Path) -> None:
    """The file is then of the version that it was before, and the next start makes it whole."""
    script = """
import os, sqlite3, sys
from importlib import resources
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode = WAL")
text = resources.files("mirror.store").joinpath("schema/0001_initial.sql").read_text()
connection.create_function("die", 0, lambda: os._exit(9))
connection.executescript(f"BEGIN EXCLUSIVE;{text};PRAGMA user_version = 1;SELECT die();COMMIT;")
"""
    done = subprocess.run([sys.executable, "-c", script, path], timeout=20)
    assert done.returncode == 9
    assert applied(path) == (0, 0)

    async def start() -> None:
        async with opened(path):
            pass

    asyncio.run(start())
    assert applied(path)[0] >= 1


async def test_many_open_a_fresh_file_at_the_same_time(path: Path) -> None:
    """`mirror serve` and a command beside it, on the first day."""

    async def start(number: int) -> None:
        async with opened(path) as database:
            await database.write(adding(number))

    await asyncio.gather(*(start(number) for number in range(8)))
    async with opened(path) as database:
        assert len(await keys(database)) == 8


async def test_a_broken_script_changes_nothing(path: Path) -> None:
    async with opened(path):
        pass
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA user_version = 0")  # so that it runs again
    before = applied(path)
    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        migrate(connection)
    assert not connection.in_transaction
    connection.close()
    assert applied(path) == before


async def test_a_write_waits_for_nothing_but_its_statements(path: Path) -> None:
    """It has the thread and the transaction to itself: who waits would hold up everybody."""

    async def waiting(transaction: Transaction) -> None:
        await transaction.run(INSERT, ("arn", "half", ""))
        await asyncio.sleep(0)

    async with opened(path) as database:
        with pytest.raises(RuntimeError, match="nothing but its own statements"):
            await database.write(waiting)
        assert await keys(database) == []
        assert await database.write(adding("next")) == "next"
